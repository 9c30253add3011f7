import type { AccountDirectory } from '../domain/accounts/account-directory.ts';
import type { AccountService } from '../domain/accounts/account-service.ts';
import type { Actor } from '../domain/accounts/actor.ts';
import type { ApiTokenService } from '../domain/accounts/api-token-service.ts';
import type { KnownDevices } from '../domain/accounts/known-devices.ts';
import type { LinkService } from '../domain/accounts/link-service.ts';
import type { LoginService } from '../domain/accounts/login-service.ts';
import type { OwnAccountService } from '../domain/accounts/own-account-service.ts';
import type { PasskeyVerifier } from '../domain/accounts/passkey-verifier.ts';
import type { SecondFactors } from '../domain/accounts/second-factors.ts';
import type { SessionBook } from '../domain/accounts/session-book.ts';
import type { SetupService } from '../domain/accounts/setup-service.ts';

/** Who bears a machine's token. */
export interface MachineTokens {
  /** `origin`: where the request comes from. */
  find(token: string, origin: string): Actor | undefined;
}

/** People and what they log in with. */
export interface PeopleServices {
  /** Origin at which people open the console. */
  readonly publicUrl: string;
  /** Whether there is a mail server. */
  readonly sendsMail: boolean;
  readonly directory: AccountDirectory;
  readonly devices: KnownDevices;
  readonly factors: SecondFactors;
  readonly sessions: SessionBook;
  readonly passkeys: PasskeyVerifier;
  readonly setup: SetupService;
  readonly login: LoginService;
  readonly own: OwnAccountService;
  readonly accounts: AccountService;
  readonly links: LinkService;
  readonly apiTokens: ApiTokenService;
}
