/**
 * Every action that the audit log is written with: what cannot be found here is not recorded, and what is offered as a filter exists. An action
 * that is no longer written leaves this list; older entries keep its name.
 */
export const AUDIT_ACTIONS = [
  ...(['account.setup', 'account.create', 'account.change', 'account.deactivate'] as const),
  ...(['account.reactivate', 'account.reset', 'account.pair', 'account.end_sessions'] as const),
  'account.link_again',
  ...(['announcement.create', 'announcement.change', 'announcement.submit'] as const),
  ...(['announcement.approve', 'announcement.reject', 'announcement.withdraw'] as const),
  ...(['area.create', 'area.change', 'area.move', 'area.merge', 'area.retire'] as const),
  'audit.head',
  ...(['backup.start', 'backup.configure', 'backup.passphrase', 'backup.restored'] as const),
  ...(['broadcast.play', 'broadcast.cancel', 'broadcast.cancel_part'] as const),
  ...(['broadcast.make_good', 'broadcast.postpone'] as const),
  'clock.confirm',
  'email.change',
  ...(['emergency.ask', 'emergency.confirm', 'emergency.drop', 'emergency.review'] as const),
  'holidays.replace',
  ...(['keys.rotate', 'keys.rehome'] as const),
  ...(['latch.set', 'latch.release', 'latch.restore', 'latch.sign_again'] as const),
  ...(['login.ok', 'login.failed', 'logout'] as const),
  ...(['media.upload', 'media.cancel', 'media.expire'] as const),
  ...(['passkey.add', 'passkey.remove', 'password.change', 'password.set', 'phone.pair'] as const),
  ...(['programme.create', 'programme.change', 'programme.retire'] as const),
  'request.refused',
  ...(['schedule.create', 'schedule.change', 'schedule.delete', 'schedule.pause'] as const),
  ...(['schedule.resume', 'schedule.skip', 'schedule.move', 'schedule.decide', 'schedule.again'] as const),
  'schedules.follow_zone',
  ...(['session.confirm', 'session.end', 'session.end_others'] as const),
  ...(['speaker.create', 'speaker.change', 'speaker.block', 'speaker.unblock', 'speaker.retire'] as const),
  ...(['speaker.code', 'speaker.code_again', 'speaker.code_guessed', 'speaker.code_withdrawn'] as const),
  ...(['speaker.enrol', 'speaker.strange_key', 'speaker.test', 'speakers.import'] as const),
  ...(['standing.give', 'standing.revoke', 'standing.end', 'standing.bound'] as const),
  'storage.retention',
  ...(['token.create', 'token.secret_again', 'token.revoke'] as const),
  ...(['totp.begin', 'totp.set_up', 'totp.remove', 'totp.recovery_codes'] as const),
] as const;

export type AuditAction = (typeof AUDIT_ACTIONS)[number];
