import type { FastifyError, FastifyInstance, FastifyRequest } from 'fastify';
import { DomainError, type ErrorBody, isDomainError } from '#protocols';
import '../access.ts';
import { isRefusal } from './refusals.ts';

/** Statuses from 500 on whose sentence says nothing internal and tells the client what to do. */
const TELLABLE = [503, 507];

/** Whose `seconds` say when to try again. */
const WAITS: readonly string[] = ['login.wait', 'request.too_many'];

/** Maps everything that is thrown to a code of the registry; hears of each refusal (`isRefusal`) through `onRefused`. Above 499 the client learns the request id, the log the rest. */
export function mapErrors(
  app: FastifyInstance,
  onRefused: (request: FastifyRequest, error: DomainError) => void,
): void {
  app.setErrorHandler<FastifyError | DomainError | Error>((error, request, reply) => {
    const known = asDomainError(error, request);
    const foreseen = error === known && error.cause === undefined && TELLABLE.includes(known.status);
    // Nothing broke: a line for each, without the stack that anybody could fill the log with.
    if (foreseen) request.log.warn({ code: known.code, reason: known.message }, 'request put off');
    else if (known.status >= 500) request.log.error({ err: error, code: known.code }, 'request failed');
    else request.log.debug({ code: known.code, reason: known.message }, 'request refused');
    if (isRefusal(known)) onRefused(request, known);
    if (known.status === 401) void reply.header('www-authenticate', challenge(request));
    if (WAITS.includes(known.code)) void reply.header('retry-after', String(known.params['seconds']));
    if (known.status === 503) void reply.header('retry-after', '2');
    return reply.code(known.status).send(errorBody(known, request.id));
  });
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0] ?? '';
    const error = new DomainError('request.route_unknown', {
      method: request.method,
      path: path.slice(0, 200),
    });
    return reply.code(error.status).send(errorBody(error, request.id));
  });
}

/** Basic is for loudspeakers; a browser would ask the person for it in a window of its own. */
function challenge({ routeOptions, headers }: FastifyRequest): string {
  const { access } = routeOptions.config;
  const speakers = typeof access === 'object' && access.speakers && headers['sec-fetch-mode'] === undefined;
  return `Bearer realm="loa"${speakers ? ', Basic realm="loa"' : ''}`;
}

export function errorBody({ code, message, params }: DomainError, requestId: string): ErrorBody {
  return { error: { code, message, params: { ...params }, requestId } };
}

function asDomainError(error: FastifyError | DomainError | Error, request: FastifyRequest): DomainError {
  if (isDomainError(error)) {
    if (error.status < 500 || TELLABLE.includes(error.status)) return error;
    return new DomainError('server.internal', { requestId: request.id }, { cause: error });
  }
  if ('validation' in error && error.validation !== undefined) {
    const [first] = error.validation;
    const field = `${error.validationContext ?? 'body'}${first?.instancePath ?? ''}`;
    const names = unknownFields(first?.params);
    // The library's word for a field that the schema does not have.
    const said = first?.message === 'schema is false' ? 'is not a field of this request' : first?.message;
    const reason = `${field} ${said ?? 'has another shape'}${names === '' ? '' : `: ${names}`}`;
    return new DomainError('request.invalid', { reason, field });
  }
  const status = 'statusCode' in error ? error.statusCode : undefined;
  switch (status) {
    case 413:
      return new DomainError('request.too_large', { limit: request.routeOptions.bodyLimit });
    case 415:
      return new DomainError('request.unsupported_media_type', {
        type: String(request.headers['content-type'] ?? 'without type').slice(0, 100),
        expected: 'application/json',
      });
    default:
      if (status !== undefined && status < 500)
        return new DomainError('request.invalid', { reason: error.message.slice(0, 200) }, { cause: error });
      return new DomainError('server.internal', { requestId: request.id }, { cause: error });
  }
}

/** The names of fields that are not in the schema, or an empty text. */
function unknownFields(params: Readonly<Record<string, unknown>> | undefined): string {
  const names = params?.['additionalProperties'] ?? params?.['requiredProperties'];
  return Array.isArray(names) ? names.join(', ').slice(0, 200) : '';
}
