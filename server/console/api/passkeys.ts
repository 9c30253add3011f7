import type { PasskeyAssertion, PasskeyAttestation } from '#protocols';
import { call } from './client.ts';

/** Whether this browser, on this page, can do anything with passkeys at all. */
export function passkeysPossible(): boolean {
  return typeof PublicKeyCredential === 'function' && window.isSecureContext;
}

/** The person closed the browser's window, or waited too long. */
export class PasskeyCancelled extends Error {}

/** Lets the browser make a passkey from what the controller asked for. Rejects with `PasskeyCancelled`. */
export async function makePasskey(): Promise<PasskeyAttestation> {
  const { publicKey } = await call<{ publicKey: CreationJson }>('POST', 'account/passkeys/options');
  const credential = await asked(
    navigator.credentials.create({
      publicKey: {
        ...publicKey,
        challenge: bytes(publicKey.challenge),
        user: { ...publicKey.user, id: bytes(publicKey.user.id) },
        excludeCredentials: (publicKey.excludeCredentials ?? []).map((one) => ({
          ...one,
          id: bytes(one.id),
        })),
      },
    }),
  );
  const response = credential.response as AuthenticatorAttestationResponse;
  return {
    ...common(credential),
    response: {
      clientDataJSON: base64url(response.clientDataJSON),
      attestationObject: base64url(response.attestationObject),
      transports: response.getTransports?.() ?? [],
    },
  };
}

/** Lets the person show a passkey that this device has. Rejects with `PasskeyCancelled`. */
export async function showPasskey(): Promise<PasskeyAssertion> {
  const { publicKey } = await call<{ publicKey: RequestJson }>('POST', 'session/passkey/options');
  const credential = await asked(
    navigator.credentials.get({
      publicKey: {
        ...publicKey,
        challenge: bytes(publicKey.challenge),
        allowCredentials: (publicKey.allowCredentials ?? []).map((one) => ({ ...one, id: bytes(one.id) })),
      },
    }),
  );
  const response = credential.response as AuthenticatorAssertionResponse;
  return {
    ...common(credential),
    response: {
      clientDataJSON: base64url(response.clientDataJSON),
      authenticatorData: base64url(response.authenticatorData),
      signature: base64url(response.signature),
      userHandle: response.userHandle === null ? null : base64url(response.userHandle),
    },
  };
}

interface NamedCredential {
  readonly type: 'public-key';
  readonly id: string;
}
/** The W3C's JSON forms; older phones have no `parseCreationOptionsFromJSON`. */
type CreationJson = Omit<PublicKeyCredentialCreationOptions, 'challenge' | 'user' | 'excludeCredentials'> & {
  readonly challenge: string;
  readonly user: { readonly id: string; readonly name: string; readonly displayName: string };
  readonly excludeCredentials?: readonly NamedCredential[];
};
type RequestJson = Omit<PublicKeyCredentialRequestOptions, 'challenge' | 'allowCredentials'> & {
  readonly challenge: string;
  readonly allowCredentials?: readonly NamedCredential[];
};

async function asked(wanted: Promise<Credential | null>): Promise<PublicKeyCredential> {
  let credential: Credential | null;
  try {
    credential = await wanted;
  } catch (error) {
    throw new PasskeyCancelled(error instanceof Error ? error.name : '');
  }
  if (credential === null) throw new PasskeyCancelled();
  return credential as PublicKeyCredential;
}

function common(credential: PublicKeyCredential) {
  return {
    id: credential.id,
    rawId: base64url(credential.rawId),
    type: 'public-key' as const,
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: {},
  };
}

function bytes(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (one) => one.charCodeAt(0));
}

function base64url(buffer: ArrayBuffer): string {
  const text = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join('');
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}
