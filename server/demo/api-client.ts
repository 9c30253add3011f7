import { randomUUID } from 'node:crypto';
import { openAsBlob } from 'node:fs';
import { basename } from 'node:path';

export interface ApiClientOptions {
  /** Address of the controller, without trailing slash. */
  readonly url: string;
  /** The public address, where that is another one: a proxy stands before the controller. */
  readonly publicUrl?: string;
  /** Who asks: a machine by its token, or a person by the cookie of a session. */
  readonly as: { readonly token: string } | { readonly session: string };
}

/** The headers that say who asks. A browser also names the page's origin with every write, and its cookie is called by how safe the line is. */
export function credentials(url: string, as: ApiClientOptions['as']): Record<string, string> {
  if ('token' in as) return { authorization: `Bearer ${as.token}` };
  const name = url.startsWith('https:') ? '__Host-loa' : 'loa_session';
  return { cookie: `${name}=${as.session}`, origin: new URL(url).origin };
}

/** What the controller answered instead of a result. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.code = code;
  }
}

/** One message of the live event stream. */
export interface ServerEvent {
  readonly id: string;
  readonly name: string;
  readonly data: unknown;
}

/** A plain client of the HTTP API, as another program would write it. */
export class ApiClient {
  readonly #options: ApiClientOptions;

  constructor(options: ApiClientOptions) {
    this.#options = options;
  }

  /** The answer's JSON. Throws `ApiError`. */
  get<Answer>(path: string): Promise<Answer> {
    return this.#send(path, { method: 'GET' });
  }

  /** An acting request. The same `key` again gives the first answer. */
  post<Answer>(path: string, body: object, key: string = randomUUID()): Promise<Answer> {
    return this.#json('POST', path, body, key);
  }

  patch<Answer>(path: string, body: object, key: string = randomUUID()): Promise<Answer> {
    return this.#json('PATCH', path, body, key);
  }

  /** Sends a file as multipart form data, in a field `file`. */
  async upload<Answer>(path: string, file: string): Promise<Answer> {
    const form = new FormData();
    form.set('file', await openAsBlob(file), basename(file));
    return this.#send(path, { method: 'POST', body: form, headers: { 'idempotency-key': randomUUID() } });
  }

  /** The live events, until the signal is aborted. */
  async *events(signal: AbortSignal): AsyncGenerator<ServerEvent> {
    const response = await fetch(`${this.#options.url}/api/v1/events`, { headers: this.#headers(), signal });
    if (!response.ok || response.body === null) throw await problem(response);
    let event: { id: string; name: string; data: string } = { id: '', name: 'message', data: '' };
    for await (const line of linesOf(response.body)) {
      if (line === '') {
        if (event.data !== '') yield { ...event, data: JSON.parse(event.data) as unknown };
        event = { id: event.id, name: 'message', data: '' };
      } else if (line.startsWith('id:')) event.id = line.slice(3).trim();
      else if (line.startsWith('event:')) event.name = line.slice(6).trim();
      else if (line.startsWith('data:')) event.data += line.slice(5).trim();
    }
  }

  #json<Answer>(method: string, path: string, body: object, key: string): Promise<Answer> {
    const headers = { 'content-type': 'application/json', 'idempotency-key': key };
    return this.#send(path, { method, body: JSON.stringify(body), headers });
  }

  async #send<Answer>(
    path: string,
    init: RequestInit & { headers?: Record<string, string> },
  ): Promise<Answer> {
    const headers = { ...this.#headers(), ...init.headers };
    const response = await fetch(`${this.#options.url}/api/v1${path}`, { ...init, headers });
    if (!response.ok) throw await problem(response);
    return (await response.json()) as Answer;
  }

  #headers(): Record<string, string> {
    return credentials(this.#options.publicUrl ?? this.#options.url, this.#options.as);
  }
}

async function problem(response: Response): Promise<ApiError> {
  const text = await response.text();
  try {
    const { error } = JSON.parse(text) as { error: { code: string; message: string } };
    return new ApiError(response.status, error.code, error.message);
  } catch {
    return new ApiError(response.status, 'unknown', text.slice(0, 200));
  }
}

async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true });
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}
