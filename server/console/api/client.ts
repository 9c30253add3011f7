import type { ErrorBody, ErrorCode } from '#protocols';

/** Where the API lies: beside these pages, as the schemas of `protocols/http` describe it. */
export const API = '/api/v1';

/** Refusals that the page itself finds. */
export type OwnCode = 'console.offline' | 'console.unreadable';

/** What the controller refused, by its code of the registry, or that it could not be reached. */
export class ApiError extends Error {
  readonly code: ErrorCode | OwnCode;
  readonly params: ErrorBody['error']['params'];

  constructor(code: ErrorCode | OwnCode, message: string, params: ErrorBody['error']['params'] = {}) {
    super(message);
    this.name = 'ApiError';
    this.code = code;
    this.params = params;
  }
}

export function isApiError(error: unknown, ...codes: ApiError['code'][]): error is ApiError {
  return error instanceof ApiError && (codes.length === 0 || codes.includes(error.code));
}

export interface CallOptions {
  /** Sent as JSON. */
  readonly body?: object;
  /** The act that this is part of (`useAct`): the same request of the same act is sent under the same Idempotency-Key, another one under another. */
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Asks the API; resolves with the body of a good answer. Rejects with `ApiError`, or with an AbortError when it was given up. */
export async function call<Answer>(method: string, path: string, options: CallOptions = {}): Promise<Answer> {
  const { body, key, headers = {}, signal } = options;
  const sent = body === undefined ? undefined : JSON.stringify(body);
  const act = key === undefined ? undefined : `${key}-${mark(`${method} ${path} ${sent ?? ''}`)}`;
  let status: number;
  let text: string;
  try {
    const response = await fetch(`${API}/${path}`, {
      method,
      credentials: 'same-origin',
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(act === undefined ? {} : { 'idempotency-key': act }),
        ...headers,
      },
      ...(sent === undefined ? {} : { body: sent }),
      ...(signal === undefined ? {} : { signal }),
    });
    // The line may be cut in the middle of the answer, too.
    status = response.status;
    text = await response.text();
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError('console.offline', 'the controller cannot be reached');
  }
  return readAnswer<Answer>(status, text);
}

/** The body of an answer by its status. Throws `ApiError`. */
export function readAnswer<Answer>(status: number, text: string): Answer {
  if (status === 204) return undefined as Answer;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new ApiError('console.unreadable', `answer ${status} is not JSON`);
  }
  if (status < 400) return parsed as Answer;
  const { error } = parsed as Partial<ErrorBody>;
  if (error === undefined) throw new ApiError('console.unreadable', `answer ${status} names no error`);
  throw new ApiError(error.code as ErrorCode, error.message, error.params);
}

/**
 * Tells the requests of one act apart: who changes a field after the line was cut asks for something else, which the controller would refuse under
 * the key of before. FNV-1a over UTF-16: the keys of two acts differ anyway, and `crypto.subtle` is missing on pages that came without TLS.
 */
function mark(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (let i = 0; i < text.length; i += 1)
    hash = BigInt.asUintN(64, (hash ^ BigInt(text.charCodeAt(i))) * 0x100000001b3n);
  return hash.toString(16);
}

/** The key of a new act. `randomUUID` is missing on pages that came without TLS. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
}

/** A query string from what is set. */
export function query(
  values: Readonly<Record<string, string | number | boolean | undefined | null>>,
): string {
  const set = Object.entries(values).filter(
    ([, value]) => value !== undefined && value !== null && value !== '',
  );
  return set.length === 0 ? '' : `?${new URLSearchParams(set.map(([name, value]) => [name, String(value)]))}`;
}
