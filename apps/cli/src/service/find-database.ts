import { join } from 'node:path';
import { startEmbeddedPostgres } from '@bitkiln/infra';

export interface FoundDatabase {
  readonly url: string;
  /** For people. */
  readonly description: string;
  /** Stops the embedded one, unless others still use it. */
  leave(): Promise<void>;
}

/** The database that DATABASE_URL names, else the embedded one of the home folder, started where it is not running. */
export async function findDatabase(home: string): Promise<FoundDatabase> {
  const own = process.env.DATABASE_URL;
  if (own !== undefined) {
    return { url: own, description: 'the one that DATABASE_URL names', leave: async () => undefined };
  }
  const directory = join(home, 'postgres');
  const postgres = await startEmbeddedPostgres({ directory });
  const adopted = postgres.adopted ? ', found running and taken over' : '';
  return {
    url: postgres.url,
    description: `embedded PostgreSQL, data in ${directory}${adopted}`,
    leave: () => postgres.stop(),
  };
}
