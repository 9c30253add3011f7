import Type from 'typebox';
import { codec, DomainError, isErrorCode } from '#protocols';
import { httpGet } from '../link/http-get.ts';
import type { EnrolmentPost } from './exchange.ts';

const ANSWER_LIMIT = 64 * 1024;
const IDLE_MS = 15_000;
const ParamsSchema = Type.Record(
  Type.String(),
  Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()]),
);
const refusalCodec = codec(
  'refusal',
  Type.Object({ error: Type.Object({ code: Type.String(), params: ParamsSchema }) }),
);

/**
 * Enrolment over HTTP. On https no certificate is asked for: the controller's own authority is not pinned yet, a clock in 1970 could check none,
 * and everything that is believed is proved by the code.
 */
export function httpPost(url: string, signal: AbortSignal): EnrolmentPost {
  return async (step, body) => {
    const response = await httpGet(`${url}/api/v1/enrolments/${step}`, {
      ...{ body: JSON.stringify(body), signal, idleMs: IDLE_MS, anyCertificate: true },
    });
    const parts: Buffer[] = [];
    let bytes = 0;
    for await (const part of response as AsyncIterable<Buffer>) {
      bytes += part.length;
      if (bytes > ANSWER_LIMIT) response.destroy(new Error(`the answer has more than ${ANSWER_LIMIT} bytes`));
      parts.push(part);
    }
    const text = Buffer.concat(parts).toString('utf8');
    if (response.statusCode !== 200) throw refusalOf(response.statusCode ?? 0, text);
    return JSON.parse(text) as unknown;
  };
}

function refusalOf(status: number, text: string): Error {
  try {
    const { code, params } = refusalCodec.parse(text).error;
    if (isErrorCode(code)) return new DomainError(code, params);
  } catch {
    // No refusal of ours: a proxy's page, or another service.
  }
  return new Error(`the controller answered ${status}`);
}
