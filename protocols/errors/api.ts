import { errorTable } from './error.ts';

/** What the HTTP API answers. */
export const apiErrors = errorTable({
  'request.invalid': { status: 400, message: 'The request is not valid: {reason}.' },
  'request.unauthenticated': {
    status: 401,
    message: 'Nobody is logged in: log in again, or send "Authorization: Bearer <token>".',
  },
  'request.forbidden': { status: 403, message: '"{actor}" may not "{permission}" in area "{area}".' },
  'request.person_only': {
    status: 403,
    message: '"{actor}" is a machine, and "{act}" is only for a person: log in with an account.',
  },
  'request.not_found': { status: 404, message: 'There is no {what} "{id}".' },
  'request.route_unknown': { status: 404, message: 'There is no route {method} {path}.' },
  'request.too_large': { status: 413, message: 'The request body has more than {limit} bytes.' },
  'request.conflict': { status: 409, message: '{what} "{id}" is {state}: expected {expected}.' },
  'request.key_missing': {
    status: 400,
    message:
      'This request acts: send an "Idempotency-Key" header (8 to 128 visible characters), the same one when you try again.',
  },
  'request.key_reused': {
    status: 409,
    message: 'Idempotency-Key "{key}" was used for another request. Use a new key for a new act.',
  },
  'request.key_in_use': {
    status: 409,
    message: 'The first request with Idempotency-Key "{key}" is still running. Try again in a moment.',
  },
  'key.root_missing': {
    status: 409,
    message:
      'The root key is not in the key folder. Put root.pem there, or give its file to "npm run keys" on the controller, and try again.',
  },
  'key.not_a_root': {
    status: 409,
    message:
      'Key "{keyId}" is not a root key in force. Take the file that was written when the root key was last changed.',
  },
  'policy.outside_window': {
    status: 409,
    message: 'Area "{area}" has no broadcasting window open at {at} ({zone}). Windows: {windows}.',
  },
  'policy.session_too_long': {
    status: 409,
    message: 'The broadcast would last {minutes} minutes; area "{area}" allows at most {limit}.',
  },
  'request.unsupported_media_type': {
    status: 415,
    message: 'The request body is "{type}": expected {expected}.',
  },
  'request.range_unsatisfiable': {
    status: 416,
    message: 'The file has {bytes} bytes; "{range}" asks for none of them.',
  },
  'request.too_many': {
    status: 429,
    message:
      '"{name}" asked more than {limit} times within a minute. Wait {seconds} s, and let programs ask less often.',
  },
  'request.too_many_streams': {
    status: 503,
    message: '{open} event streams are open already. Close one and try again.',
  },
  'area.retired': { status: 409, message: 'Area "{id}" is dissolved: choose one that is in use.' },
  'area.unknown_zone': {
    status: 422,
    message: '"{zone}" is not an IANA time zone: expected one like "Asia/Ho_Chi_Minh".',
  },
  'policy.invalid': { status: 422, message: 'The policy is not valid: {reason}.' },
  'upload.lost': {
    status: 500,
    message:
      'The upload of job "{id}" is gone: the controller stopped before it was prepared. Send the file again.',
  },
  'upload.no_file': {
    status: 400,
    message:
      'The form has no file: expected multipart/form-data with one part "file" (and "area" before it or in the query).',
  },
  'upload.malformed': {
    status: 400,
    message:
      'The form cannot be read ({reason}): expected multipart/form-data, whole, with the boundary that its header names. Send the file again.',
  },
  'upload.cut_off': {
    status: 400,
    message:
      'The upload was cut off after {megabytes} MB: the file itself is as it was. Send it again, or copy it to the machine and use "npm run restore".',
  },
  'announcement.no_audio': {
    status: 409,
    message: 'Announcement "{id}" has no audio yet: attach a prepared file first.',
  },
  'announcement.audio_changed': {
    status: 409,
    message:
      'Announcement "{id}" is {held} now, not {given}: somebody changed its audio or its words. Read and listen again before approving.',
  },
  'announcement.stream_refused': {
    status: 422,
    message:
      'The stream at "{host}" is not taken: {reason}. Give one in the public Internet, or let the operator name this one in LOA_STREAM_ALLOW.',
  },
  'announcement.not_approved': {
    status: 409,
    message: 'Announcement "{id}" ({state}) is not approved as it is now: let somebody approve it first.',
  },
  'announcement.four_eyes': {
    status: 403,
    message: '"{actor}" composed announcement "{id}": somebody else has to approve it.',
  },
  'approval.areas_missing': {
    status: 409,
    message:
      'Announcement "{id}" is not approved for {areas}: ask who answers there, or choose areas in which it is approved.',
  },
  'approval.scattered': {
    status: 409,
    message:
      'Announcement "{id}" is approved in more separate areas than one order names (64): let somebody approve it for a wider area, or broadcast it in several parts.',
  },
  'approval.standing_invalid': {
    status: 422,
    message: 'The leave for the series is not valid: {reason}.',
  },
  'approval.session_too_long': {
    status: 409,
    message:
      'Announcement "{announcementId}" is not approved, and the leave for its series does not cover it: this session lasts {minutes} minutes, the leave is for {limit} at most. Approve the announcement by itself, shorten the session, or give another leave.',
  },
  'make_good.not_covered': {
    status: 409,
    message:
      'Announcement "{id}" aired by a leave for its series and cannot be made good by it: {reason}. Approve the announcement, or give the leave again.',
  },
  'emergency.two_persons': {
    status: 409,
    message:
      'This emergency goes beyond one commune, by itself or with what you sent out alone of it in the last 15 minutes: ask for it (POST /emergencies). It sounds once a second person who may broadcast everywhere that it is for confirms it, one of the two a leader of all of that; until then nothing does.',
  },
  'emergency.same_person': {
    status: 403,
    message: '"{actor}" asked for "{id}": somebody else has to answer.',
  },
  'emergency.person_only': {
    status: 403,
    message: '"{actor}" is a machine: a person has to stand for an emergency.',
  },
  'emergency.refused_there': {
    status: 409,
    message:
      'In {areas} a leader said no to announcement "{id}", or to what it was before: who answers there approves it as it is first (a draft is submitted before), and then it is sent out again.',
  },
  'emergency.not_one': {
    status: 409,
    message: 'Announcement "{id}" has priority "{priority}": only an emergency goes out this way.',
  },
  'broadcast.no_targets': {
    status: 409,
    message:
      'No loudspeaker in use is meant by these targets. Enter loudspeakers first, or choose other areas.',
  },
  'broadcast.starts_in_past': {
    status: 409,
    message: 'The broadcast would start at {startsAt}, which is past. Give a later instant.',
  },
  'broadcast.too_many_areas': {
    status: 409,
    message:
      'The order would have {bytes} bytes; at most {limit} are taken. Choose a wider area instead of many small ones.',
  },
  'storage.busy': { status: 503, message: 'The database is held by another process. Try again in a moment.' },
  'server.internal': {
    status: 500,
    message: 'Something failed inside the controller. It has been logged under request id {requestId}.',
  },
});
