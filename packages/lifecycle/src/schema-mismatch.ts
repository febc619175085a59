import pg from 'pg';

/**
 * True for an error that says that the database has other tables than this version expects (SQLSTATE class 42): it
 * was migrated by a newer one, or not yet. The work is not to blame, and is handed back.
 */
export function isSchemaMismatch(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code?.startsWith('42') === true;
}
