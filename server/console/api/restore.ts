import type { RestoreConfirmation, RestoreState, SetupState } from '#protocols';
import { API, ApiError, call, isApiError, readAnswer } from './client.ts';

/** As `SETUP_SECRET_HEADER` of `protocols/http` has it. */
const SECRET_HEADER = 'x-setup-secret';

/** Sends a backup; resolves when it is all there. `fetch` tells nothing of what went out, so this is the older way. */
export function sendBackup(
  secret: string,
  passphrase: string,
  file: File,
  onSent: (bytes: number, total: number) => void,
): Promise<RestoreState> {
  return new Promise((resolve, reject) => {
    const form = new FormData();
    form.append('passphrase', passphrase);
    form.append('file', file);
    const request = new XMLHttpRequest();
    request.open('POST', `${API}/setup/restore`);
    request.setRequestHeader(SECRET_HEADER, secret);
    request.upload.onprogress = ({ loaded, total }) => onSent(loaded, total);
    const cutOff = () => new ApiError('upload.cut_off', 'the upload was cut off');
    request.onerror = () => reject(cutOff());
    request.onload = () => {
      try {
        resolve(readAnswer<RestoreState>(request.status, request.responseText));
      } catch (error) {
        // A proxy's own page, which says that it waited no longer.
        reject(isApiError(error, 'console.unreadable') ? cutOff() : error);
      }
    };
    request.send(form);
  });
}

/** How far the controller is with it. */
export function restoreState(secret: string): Promise<RestoreState> {
  return call<RestoreState>('GET', 'setup/restore', { headers: { [SECRET_HEADER]: secret } });
}

/** Another passphrase for the backup that was sent. */
export function tryPassphrase(secret: string, passphrase: string): Promise<RestoreState> {
  const headers = { [SECRET_HEADER]: secret };
  return call<RestoreState>('POST', 'setup/restore/passphrase', { headers, body: { passphrase } });
}

/** Says that what was shown is the backup to be put back. */
export function confirmRestore(secret: string, said: RestoreConfirmation): Promise<RestoreState> {
  const headers = { [SECRET_HEADER]: secret };
  return call<RestoreState>('POST', 'setup/restore/confirm', { headers, body: said });
}

/** Gives up the backup that was sent. */
export function giveUpRestore(secret: string): Promise<RestoreState> {
  return call<RestoreState>('DELETE', 'setup/restore', { headers: { [SECRET_HEADER]: secret } });
}

/** How the controller stands; null while it starts. With the accounts of the backup, setup is needed no more. */
export async function setupState(): Promise<SetupState | null> {
  try {
    return await call<SetupState>('GET', 'setup');
  } catch {
    return null;
  }
}
