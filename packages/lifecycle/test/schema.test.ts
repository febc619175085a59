import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createTestDatabase } from '@bitkiln/infra/testing';
import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import * as engineBindings from '@prisma/schema-engine-wasm/schema_engine_bg';
import pg from 'pg';
import { expect, test } from 'vitest';

const schemaFile = new URL('../../../prisma/schema.prisma', import.meta.url);

/** What Prisma's own schema engine would have written for schema.prisma, on an empty database. */
async function sqlOfSchema(databaseUrl: string): Promise<string> {
  const folder = dirname(createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm'));
  const bytes = await readFile(join(folder, 'schema_engine_bg.wasm'));
  const imports = { './schema_engine_bg.js': engineBindings };
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), imports as never);
  engineBindings.__wbg_set_wasm(instance.exports);
  (instance.exports as { __wbindgen_start(): void }).__wbindgen_start();
  const content = await readFile(schemaFile, 'utf8');
  const adapter = bindMigrationAwareSqlAdapterFactory(new PrismaPg({ connectionString: databaseUrl }));
  const engine = await engineBindings.SchemaEngine.new(
    { datamodels: [['schema.prisma', content]] },
    () => {},
    adapter,
  );
  const { stdout } = await engine.diff({
    from: { tag: 'empty' },
    to: { tag: 'schemaDatamodel', files: [{ path: 'schema.prisma', content }] },
    script: true,
    exitCode: null,
    filters: { externalTables: [], externalEnums: [] },
  });
  return stdout!;
}

/** Every column, enum, index and constraint of the public schema, one a line. */
async function catalog(client: pg.Client): Promise<string[]> {
  const found = await client.query<{ line: string }>(`
    SELECT 'column ' || table_name || '.' || column_name || ' ' || udt_name || ' ' || is_nullable || ' ' ||
           coalesce(datetime_precision, 0) || ' ' || coalesce(column_default, '') AS line
      FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> '_prisma_migrations'
    UNION ALL
    SELECT 'enum ' || typname || ' ' || string_agg(enumlabel, ',' ORDER BY enumsortorder)
      FROM pg_enum JOIN pg_type ON pg_type.oid = enumtypid GROUP BY typname
    UNION ALL
    SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> '_prisma_migrations'
    UNION ALL
    SELECT 'constraint ' || conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
      FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype IN ('p', 'f', 'u', 'c')
       AND conrelid <> coalesce(to_regclass('_prisma_migrations'), 0)
     ORDER BY line`);
  return found.rows.map(({ line }) => line);
}

test('the migrations build what schema.prisma says, and besides only what Prisma has no notation for', async () => {
  const url = await createTestDatabase();
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const migrated = await catalog(client);
    await client.query('DROP SCHEMA public CASCADE');
    await client.query(await sqlOfSchema(url));
    const described = await catalog(client);
    expect(described.length).toBeGreaterThan(150);
    expect(described.filter((line) => !migrated.includes(line))).toEqual([]);
    const besides = migrated.filter((line) => !described.includes(line));
    expect(
      besides.filter((line) => !/^CREATE (UNIQUE )?INDEX .* WHERE |^constraint .* CHECK /.test(line)),
    ).toEqual([]);
  } finally {
    await client.end();
  }
});
