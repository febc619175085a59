import { defineConfig } from 'prisma/config';

const url = process.env.DATABASE_URL;

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  // Generating the client needs no database; only `prisma migrate` on a machine of the user's own does.
  ...(url === undefined ? {} : { datasource: { url } }),
});
