/**
 * SQL that is true for a while after the database was away: who held a lease then could not extend it, so that
 * lapsed leases are left to their holders until these have had the time (reconcile sets it).
 */
export const inGrace = `EXISTS (SELECT FROM upkeep WHERE task = 'reconcile' AND grace_until > clock_timestamp())`;
