/** How long a claim holds without a sign of life; a killed worker's trial goes on after this and a reconciliation. */
export const defaultLeaseMs = 3000;

/** A worker gives a sign of life this often. */
export const heartbeatMs = 1000;

/** A worker extends its leases this often, and so learns within a second that an attempt was taken from it. */
export const leaseBeatMs = 500;

/** An extension that has no answer by then is tried again over another connection, while there is lease left. */
export const extensionTimeoutMs = (leaseMs: number) => Math.max(1000, leaseMs / 2);

/** Failures after which a trial is given up (and an evaluation, with its experiment). */
export const maxFailures = 3;
