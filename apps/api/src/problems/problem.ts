/** Where in the request a refused value stands. */
export type RequestPart = 'body' | 'query' | 'path' | 'header';

/** One refused value: where it stands, what it was and what was expected in its place. */
export interface FieldError {
  readonly in: RequestPart;
  /** JSON pointer (RFC 6901) inside that part; the empty string is the whole of it. */
  readonly field: string;
  /** As received, shortened where it is long; absent where nothing was sent. */
  readonly value?: unknown;
  readonly expected: string;
}

/** The kinds of problem that the API answers with; the last part of a problem's `type`. */
export type ProblemKind =
  | 'invalid-request'
  | 'malformed-body'
  | 'body-too-large'
  | 'unsupported-media-type'
  | 'not-found'
  | 'method-not-allowed'
  | 'not-acceptable'
  | 'cross-site-request'
  | 'host-not-allowed'
  | 'unauthorized'
  | 'forbidden'
  | 'too-many-requests'
  | 'invalid-network'
  | 'network-over-budget'
  | 'dataset-unusable'
  | 'idempotency-key-reused'
  | 'no-winner'
  | 'not-exportable'
  | 'wrong-state'
  | 'unavailable'
  | 'internal-error';

export interface ProblemOptions {
  readonly kind: ProblemKind;
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly errors?: readonly FieldError[];
  /** Further members of the problem document, such as the state that a conflict is about. */
  readonly members?: Readonly<Record<string, unknown>>;
}

/** An error that is answered as an RFC 9457 problem document; everything in it may be shown to the caller. */
export class Problem extends Error {
  readonly kind: ProblemKind;
  readonly statusCode: number;
  readonly title: string;
  readonly errors: readonly FieldError[];
  readonly members: Readonly<Record<string, unknown>>;

  constructor(options: ProblemOptions) {
    super(options.detail);
    this.name = 'Problem';
    this.kind = options.kind;
    this.statusCode = options.status;
    this.title = options.title;
    this.errors = options.errors ?? [];
    this.members = options.members ?? {};
  }
}

/** The document that is sent: `type`, `title`, `status`, `detail`, `requestId`, `errors`, then the further members. */
export function problemDocument(problem: Problem, requestId: string): Record<string, unknown> {
  return {
    type: `urn:problem-type:bitkiln:${problem.kind}`,
    title: problem.title,
    status: problem.statusCode,
    detail: problem.message,
    requestId,
    ...(problem.errors.length > 0 ? { errors: problem.errors } : {}),
    ...problem.members,
  };
}
