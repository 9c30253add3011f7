import { errorTable } from './error.ts';

/** What goes wrong when a loudspeaker enrols. */
export const enrolmentErrors = errorTable({
  'enrolment.code_malformed': {
    status: 400,
    message: 'This is not an enrolment code: {reason}. Compare it with the sheet, letter by letter.',
  },
  // One answer for all of it: who asks without the code learns nothing of which loudspeakers and codes there are.
  'enrolment.refused': {
    status: 403,
    message:
      'Loudspeaker "{speakerId}" is not enrolled with this code: it is wrong, used, expired or void, or there is no such loudspeaker. Have a new code made.',
  },
  'enrolment.unproved': {
    status: 403,
    message:
      'The controller at {url} does not prove the code of loudspeaker "{speakerId}": the code or the name is wrong, used, expired or void, or it is not your controller. Nothing was believed and nothing stored. Compare address, name and code with the sheet.',
  },
  'enrolment.begin_again': {
    status: 409,
    message:
      'The enrolment of loudspeaker "{speakerId}" took too long or was answered before: begin it again.',
  },
  'enrolment.too_many_tries': {
    status: 429,
    message:
      'Too many wrong enrolment codes came from this address. Wait {minutes} minutes, then try again: the code stays good until it expires.',
  },
  'enrolment.code_used': {
    status: 409,
    message:
      'The code that this request made for loudspeaker "{id}" is not good any more: ask for a new one.',
  },
});
