import { errorTable } from './error.ts';

/** Why a loudspeaker refuses a signed document, or the controller a message. */
export const orderErrors = errorTable({
  'document.malformed': { status: 400, message: 'The {document} cannot be read: {reason}.' },
  'document.too_large': {
    status: 413,
    message: 'The {document} has {bytes} bytes; at most {limit} are taken.',
  },
  'document.unsigned': {
    status: 400,
    message:
      'The {document} is not signed with a known key (key id "{keyId}"): expected one that the root key names for "{use}".',
  },
  'document.bad_signature': {
    status: 400,
    message: 'The signature of the {document} does not match its bytes (key id "{keyId}").',
  },
  'document.unknown_version': {
    status: 400,
    message:
      'The {document} has version {version}; this end speaks version {expected}. Update the older end.',
  },
  'document.unknown_kind': {
    status: 400,
    message: 'The {document} is of kind "{kind}", which this end does not know.',
  },
  'document.stale_revision': {
    status: 409,
    message: 'The {document} has revision {revision}; revision {held} is already held.',
  },
  'order.expired': { status: 409, message: 'Order "{orderId}" expired at {expiresAt}.' },
  'order.not_for_us': {
    status: 409,
    message: 'Order "{orderId}" does not name loudspeaker "{speakerId}" or an area it lies in.',
  },
  'order.replayed': { status: 409, message: 'Order "{orderId}" was already handled here.' },
  'order.unsupported': {
    status: 422,
    message: 'Order "{orderId}" requires "{capability}", which this loudspeaker does not have.',
  },
  'order.outside_window': {
    status: 409,
    message: 'Order "{orderId}" would sound outside its broadcasting window ({opensAt} to {closesAt}).',
  },
  'order.time_untrusted': {
    status: 409,
    message: 'Order "{orderId}" is not played: this loudspeaker\'s time is not trusted yet.',
  },
  'order.muted': { status: 409, message: 'Order "{orderId}" is not played: the loudspeaker is muted.' },
  'order.maintenance': {
    status: 409,
    message: 'Order "{orderId}" is not played: the loudspeaker is under maintenance.',
  },
  'order.already_played': { status: 409, message: 'Broadcast "{broadcastId}" already sounded here.' },
  'order.too_late': { status: 409, message: 'Order "{orderId}" could not start before its latest start.' },
  'order.cancelled': { status: 409, message: 'Broadcast "{broadcastId}" was cancelled.' },
  'order.preempted': { status: 409, message: 'Order "{orderId}" gave way to an emergency.' },
  'order.hard_end': { status: 409, message: 'Order "{orderId}" was cut at its hard end.' },
  'order.agent_restarted': {
    status: 409,
    message:
      'Order "{orderId}" was cut off: the loudspeaker crashed or lost its power. It does not go on by itself.',
  },
  'order.agent_stopped': {
    status: 409,
    message:
      'Order "{orderId}" was faded out: the loudspeaker\'s program was stopped. It goes on after the restart.',
  },
  'order.moved': {
    status: 409,
    message: 'Order "{orderId}" does not sound here: the loudspeaker belongs to another controller now.',
  },
  'message.unknown_topic': { status: 400, message: 'Topic "{topic}" is not in the topic table.' },
  'message.wrong_sender': {
    status: 403,
    message: 'Loudspeaker "{speakerId}" sent a message for "{claimed}".',
  },
  'message.bad_signature': {
    status: 403,
    message: 'A "{topic}" of loudspeaker "{speakerId}" is not signed with its key: it counts for nothing.',
  },
  'message.barred': {
    status: 403,
    message: 'Loudspeaker "{speakerId}" is blocked, retired or unknown: what it says counts for nothing.',
  },
  'message.disconnected': {
    status: 503,
    message: 'The broker is not connected: the message for "{topic}" was not handed over. It is tried again.',
  },
  'message.overflow': {
    status: 503,
    message: 'Too many messages for "{topic}" are waiting ({limit}): this one was not taken. It comes again.',
  },
});
