import Type, { type Static } from 'typebox';
import { DomainError } from '../errors/index.ts';
import { AddressSchema } from '../provisioning.ts';
import { codec, IdSchema } from '../schema.ts';
import { readEnrolmentCode } from './code.ts';

const InvitationSchema = Type.Object({
  /** HTTP address of the controller, without trailing slash. */
  url: AddressSchema,
  speakerId: IdSchema,
  /** 20 letters without separators. A secret until it is used. */
  code: Type.String(),
});
/** What a loudspeaker has to be told to enrol. */
export type EnrolmentInvitation = Static<typeof InvitationSchema>;
const invitationCodec = codec('enrolment invitation', InvitationSchema);

const PREFIX = 'loa:enrol?';

/** An invitation as one text, for a QR code: `loa:enrol?u=…&s=…&c=…`. */
export function enrolmentUri({ url, speakerId, code }: EnrolmentInvitation): string {
  return PREFIX + new URLSearchParams({ u: url, s: speakerId, c: code }).toString();
}

/** Whether a text means to be an invitation. */
export function isEnrolmentUri(text: string): boolean {
  return text.trim().startsWith(PREFIX);
}

/** Reads an invitation back. Throws `document.malformed`, `enrolment.code_malformed`. */
export function readEnrolmentUri(text: string): EnrolmentInvitation {
  if (!isEnrolmentUri(text))
    throw new DomainError('document.malformed', {
      document: invitationCodec.name,
      reason: `it does not begin with "${PREFIX}"`,
    });
  const fields = new URLSearchParams(text.trim().slice(PREFIX.length));
  return readInvitation(fields.get('u') ?? '', fields.get('s') ?? '', fields.get('c') ?? '');
}

/** Three texts that somebody typed, as an invitation. Throws `document.malformed`, `enrolment.code_malformed`. */
export function readInvitation(url: string, speakerId: string, code: string): EnrolmentInvitation {
  const address = url.trim().replace(/\/+$/, '');
  const { url: checked, speakerId: id } = invitationCodec.check({
    url: address,
    speakerId: speakerId.trim(),
    code,
  });
  return { url: checked, speakerId: id, code: readEnrolmentCode(code) };
}
