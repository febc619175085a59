import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ClientBase } from 'pg';
import { from } from 'pg-copy-streams';
import { type BackupEnd, BackupError, endOfTable, type TableHeader } from './format.ts';
import { findTables, quote } from './tables.ts';

type Lines = AsyncGenerator<Buffer, void, void>;

/**
 * Fills the tables from the lines behind a backup's header, all or nothing. Foreign keys are made anew afterwards,
 * which checks every one: stages and trials refer to each other, so that no order of tables would do.
 *
 * @returns the count of rows by table.
 * @throws BackupError where there are experiments already, or the file ends early or names what isn't here.
 */
export async function loadTables(
  client: ClientBase,
  lines: Lines,
  file: string,
): Promise<Readonly<Record<string, number>>> {
  await client.query('BEGIN');
  await client.query('LOCK TABLE experiments IN ACCESS EXCLUSIVE MODE');
  const held = await client.query('SELECT FROM experiments LIMIT 1');
  if (held.rowCount !== 0) {
    throw new BackupError('the database holds experiments already; restore into a fresh one');
  }
  const tables = await findTables(client);
  const keys = await dropForeignKeys(client);
  await client.query(`TRUNCATE ${tables.map(({ table }) => quote(table)).join(', ')}`);
  const rows: Record<string, number> = {};
  for (;;) {
    const entry = await nextEntry(lines, file);
    if ('rows' in entry) {
      if (JSON.stringify(entry.rows) !== JSON.stringify(rows)) {
        throw new BackupError(`${file} counts other rows than it holds`);
      }
      break;
    }
    rows[entry.table] = await loadTable(client, lines, entry, tables, file);
  }
  for (const { table, name, definition } of keys) {
    await client.query(`ALTER TABLE ${table} ADD CONSTRAINT ${quote(name)} ${definition}`);
  }
  await raiseSequences(client);
  await client.query('COMMIT');
  return rows;
}

async function nextEntry(lines: Lines, file: string): Promise<TableHeader | BackupEnd> {
  const { value: line } = await lines.next();
  if (!line) throw new BackupError(`${file} ends before its end: it was cut short`);
  try {
    return JSON.parse(line.toString('utf8'));
  } catch {
    throw new BackupError(`${file} is damaged: a table's name was expected`);
  }
}

async function loadTable(
  client: ClientBase,
  lines: Lines,
  { table, columns }: TableHeader,
  tables: readonly TableHeader[],
  file: string,
): Promise<number> {
  const own = tables.find((known) => known.table === table);
  const strange = own === undefined ? table : columns.find((column) => !own.columns.includes(column));
  if (strange !== undefined)
    throw new BackupError(`${file} has ${table}.${strange}, which its migrations do not make`);
  const copy = client.query(from(`COPY ${quote(table)} (${columns.map(quote).join(', ')}) FROM STDIN`));
  await pipeline(Readable.from(rowsOf(lines, file)), copy);
  return copy.rowCount;
}

async function* rowsOf(lines: Lines, file: string): AsyncGenerator<Buffer, void, void> {
  for (;;) {
    const { value: line } = await lines.next();
    if (!line) throw new BackupError(`${file} ends before its end: it was cut short`);
    if (line.length === endOfTable.length && line.toString('latin1') === endOfTable) return;
    yield line;
  }
}

interface ForeignKey {
  readonly table: string;
  readonly name: string;
  readonly definition: string;
}

async function dropForeignKeys(client: ClientBase): Promise<readonly ForeignKey[]> {
  const found = await client.query<ForeignKey>(
    `SELECT conrelid::regclass::text AS table, conname AS name, pg_get_constraintdef(oid) AS definition
       FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace ORDER BY 1, 2`,
  );
  for (const { table, name } of found.rows) {
    await client.query(`ALTER TABLE ${table} DROP CONSTRAINT ${quote(name)}`);
  }
  return found.rows;
}

/** Counters go on behind the highest number that is there. */
async function raiseSequences(client: ClientBase): Promise<void> {
  const found = await client.query<{ table: string; column: string; sequence: string }>(
    `SELECT attrelid::regclass::text AS table, attname AS column,
            pg_get_serial_sequence(attrelid::regclass::text, attname) AS sequence
       FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
      WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND attnum > 0 AND NOT attisdropped
        AND pg_get_serial_sequence(attrelid::regclass::text, attname) IS NOT NULL`,
  );
  for (const { table, column, sequence } of found.rows) {
    await client.query(
      `SELECT setval($1::regclass, (SELECT coalesce(max(${quote(column)}), 0) + 1 FROM ${table}), false)`,
      [sequence],
    );
  }
}
