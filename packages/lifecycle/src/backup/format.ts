/**
 * A backup is a gzip file of lines: a header, then for each table its columns and its rows in the text form of
 * COPY, ended by `\.` (which that form never holds alone on a line), then the count of rows by table. Only what is
 * needed to go on is in it: not the queue, which the reconciler fills again.
 */
export interface BackupHeader {
  readonly format: 'bitkiln-backup';
  readonly formatVersion: 1;
  readonly createdAt: string;
  /** Migrations that the tables are of, in order. */
  readonly migrations: readonly string[];
}

export interface TableHeader {
  readonly table: string;
  readonly columns: readonly string[];
}

export interface BackupEnd {
  readonly rows: Readonly<Record<string, number>>;
}

/** Ends a table's rows. */
export const endOfTable = '\\.\n';

/** The name that a backup's and a restore's connections go by. */
export const applicationName = 'bitkiln backup';

export const formatVersion = 1;

/** A file is not a backup, was cut short, or doesn't go with the database; nothing was changed. */
export class BackupError extends Error {
  override readonly name = 'BackupError';
}
