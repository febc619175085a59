// Generates the Prisma client at install time. `prisma generate` insists on a schema engine binary that it never
// runs, and would download it: naming any executable file keeps the install offline.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const require = createRequire(import.meta.url);
const packageFile = require.resolve('prisma/package.json');
const cli = join(dirname(packageFile), require(packageFile).bin.prisma);

// An image layer that installs packages before it copies the sources has no schema yet.
if (existsSync(join(root, 'prisma', 'schema.prisma'))) {
  execFileSync(process.execPath, [cli, 'generate', '--no-hints'], {
    cwd: root,
    env: {
      ...process.env,
      PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
      PRISMA_HIDE_UPDATE_MESSAGE: '1',
      CHECKPOINT_DISABLE: '1',
    },
    // What it says is shown where it fails: as part of the error.
    stdio: 'pipe',
  });
}
