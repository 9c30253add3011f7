import { errorTable } from './error.ts';

/** Logging in, and what people may do to accounts. What is said before somebody is logged in tells no accounts apart. */
export const peopleErrors = errorTable({
  'login.failed': { status: 401, message: 'Name, password or code is not right. Try again.' },
  'login.second_factor_needed': {
    status: 401,
    message: 'The password is right; a second factor is needed: send a code as well, or use a passkey.',
  },
  'login.wait': { status: 429, message: 'Too many attempts. Try again in {seconds} s.' },
  'login.busy': { status: 503, message: 'Too many people are logging in at once. Try again in a moment.' },
  'link.invalid': {
    status: 403,
    message: 'The link was used, has expired or is not one of ours. Ask for a new one.',
  },
  'setup.done': { status: 409, message: 'The first account exists already: log in, or ask its owner.' },
  'session.stale': {
    status: 403,
    message:
      'This change needs a fresh proof of who you are: confirm with your password, a code or a passkey first.',
  },
  'request.cross_site': {
    status: 403,
    message: 'The request comes from another site ("{origin}"): open the console at {expected}.',
  },
  'account.session_needed': {
    status: 403,
    message: 'Only a person who is logged in may ask this; a token may not.',
  },
  'account.second_factor_required': {
    status: 403,
    message: 'Administrators need a second factor: set one up or confirm it, then go on.',
  },
  'account.name_taken': {
    status: 409,
    message: 'The name "{name}" is or was somebody’s: choose another one.',
  },
  'account.self': {
    status: 403,
    message: '"{name}" may not do this to the own account: another administrator has to.',
  },
  'account.pairing_of_administrator': {
    status: 403,
    message:
      '"{name}" holds administrator rights: the QR code for that phone is shown by "{name}", or by an administrator of every area of that person.',
  },
  'account.last_administrator': {
    status: 409,
    message: 'No administrator of the widest area would be left: name another one first.',
  },
  'account.deactivated': { status: 409, message: 'Account "{name}" is deactivated: reactivate it first.' },
  'account.grants_changed': {
    status: 409,
    message:
      'Somebody has changed the grants of "{name}" meanwhile, and nothing of this was saved: read the account again, and change what is there now.',
  },
  'account.grant_invalid': { status: 422, message: 'The grant of "{role}" is not valid: {reason}.' },
  'token.too_much': { status: 422, message: 'A token may not hold "{what}": {reason}.' },
  'password.too_short': {
    status: 422,
    message: 'The password has fewer than {least} characters: choose a longer one.',
  },
  'password.too_long': {
    status: 422,
    message: 'The password has more than {most} characters: choose a shorter one.',
  },
  'password.common': {
    status: 422,
    message: 'The password is one that many people use and attackers try first: choose another one.',
  },
  'password.personal': {
    status: 422,
    message: 'The password is little more than a name that everybody knows: choose another one.',
  },
  'passkey.unavailable': {
    status: 409,
    message: 'Passkeys need an address with a name and https (or localhost): the controller’s is {url}.',
  },
  'passkey.refused': { status: 422, message: 'The passkey could not be taken: {reason}. Start again.' },
});
