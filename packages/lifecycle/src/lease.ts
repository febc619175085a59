/** How long a claim holds without a sign of life; a killed worker's trial goes on after this and a reconciliation. */
export const defaultLeaseMs = 3000;

/** A worker extends its leases this often. */
export const heartbeatMs = 1000;

/** Failures after which a trial is given up (and an evaluation, with its experiment). */
export const maxFailures = 3;
