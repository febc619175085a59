/** An error reply of the API, or none at all (status 0: it can't be reached). */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly title: string;
  readonly errors: readonly { readonly field: string; readonly expected: string }[];

  constructor(status: number, title: string, detail: string, errors: ApiError['errors'] = []) {
    super(detail);
    this.status = status;
    this.title = title;
    this.errors = errors;
  }
}

interface Problem {
  readonly title?: string;
  readonly detail?: string;
  readonly errors?: ApiError['errors'];
}

let unauthorized = () => {};

/** Calls back when the service wants a token, or another than the page has. */
export function onUnauthorized(listener: () => void): void {
  unauthorized = listener;
}

/** @throws ApiError where the reply is an error, or there is none. */
export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new ApiError(0, 'The service does not answer', 'It may be restarting; this page tries again.');
  }
  if (response.ok) return response;
  if (response.status === 401) unauthorized();
  const problem = (await response.json().catch(() => ({}))) as Problem;
  const { title = `The service answered ${response.status}`, detail = '', errors = [] } = problem;
  throw new ApiError(response.status, title, detail, errors);
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  const response = await request(path, signal === undefined ? {} : { signal });
  return (await response.json()) as T;
}

export async function post<T>(
  path: string,
  body: unknown,
  options: { readonly signal?: AbortSignal; readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<T> {
  const { signal, headers } = options;
  const response = await request(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
    ...(signal === undefined ? {} : { signal }),
  });
  return (await response.json()) as T;
}

/** Any failure as one that can be shown. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  return new ApiError(0, 'The page failed', error instanceof Error ? error.message : String(error));
}
