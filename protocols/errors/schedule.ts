import { errorTable } from './error.ts';

/** What is wrong with a schedule, or why an occurrence of one does not sound. */
export const scheduleErrors = errorTable({
  'schedule.invalid': { status: 422, message: 'The schedule is not valid: {reason}.' },
  'schedule.no_occurrence': {
    status: 404,
    message: 'Schedule "{id}" has no occurrence at {originalAt} that can still be changed.',
  },
  'schedule.paused': { status: 409, message: 'Schedule "{id}" is paused.' },
  'schedule.skipped': { status: 409, message: 'This occurrence of schedule "{id}" was left out by {by}.' },
  'schedule.not_approved': {
    status: 409,
    message: 'Announcement "{announcementId}" is not approved: this occurrence is not planned.',
  },
  'schedule.not_issued': {
    status: 500,
    message:
      'Something failed inside the controller when it made the broadcast of slot "{id}". It tries again; loudspeakers that hold the plan play it all the same. The log says what failed.',
  },
  'schedule.controller_away': {
    status: 409,
    message: 'The controller was away and no loudspeaker held the plan: the slot of {startsAt} was missed.',
  },
  'schedule.clock_disputed': {
    status: 503,
    message:
      'The clock of the controller is in doubt: nothing is scheduled until it agrees with NTP or is confirmed.',
  },
  'policy.too_many_sessions': {
    status: 409,
    message: 'This would be session {count} of {day} in area "{area}"; at most {limit} are allowed.',
  },
  'policy.expired': {
    status: 409,
    message:
      'The rules that this loudspeaker holds have run out: nothing planned sounds until it has new ones.',
  },
  'policy.no_tests': {
    status: 409,
    message: 'Tests are allowed at {hours} for at most {seconds} s in area "{area}".',
  },
  'plan.expired': { status: 409, message: 'The plan that names order "{orderId}" has expired.' },
  'plan.withdrawn': { status: 409, message: 'Order "{orderId}" is no longer in the plan.' },
  'order.latched': { status: 409, message: 'Order "{orderId}" is not played: everything is stopped here.' },
  'order.queued': { status: 409, message: 'Order "{orderId}" waits: "{other}" has the loudspeaker.' },
  'order.stream_failed': { status: 502, message: 'The stream of order "{orderId}" failed: {reason}.' },
  'order.no_stored_message': {
    status: 409,
    message: 'Order "{orderId}" names the stored message "{name}", which this loudspeaker does not hold.',
  },
  'latch.held': {
    status: 409,
    message: 'Everything is stopped in "{scope}" since {since} (by {by}): release it first.',
  },
  'latch.not_yours': {
    status: 403,
    message: 'The stop in "{scope}" was set by {by}: that person or the chairman releases it.',
  },
});
