// Starts the embedded PostgreSQL on a folder, says so in a line of JSON, and stops it once its input ends.
import { startEmbeddedPostgres } from '../../index.ts';

try {
  const { url, adopted, stop } = await startEmbeddedPostgres({
    directory: process.argv[2]!,
    settings: { fsync: 'off' },
  });
  console.log(JSON.stringify({ url, adopted }));
  for await (const _ of process.stdin);
  await stop();
} catch (error) {
  console.log(JSON.stringify({ error: (error as Error).message }));
  process.exitCode = 1;
}
