/**
 * What a machine in each role can be given: what the role may do, without what only a person answers for. The controller has the last word; a
 * test compares this with it.
 */
const READ = [
  'area:read',
  'speaker:read',
  'announcement:read',
  'broadcast:read',
  'journal:read',
  'schedule:read',
];

export const MACHINE_PERMISSIONS: Readonly<Record<string, readonly string[]>> = {
  viewer: READ,
  auditor: [...READ, 'audit:read'],
  technician: [
    ...READ,
    ...['speaker:write', 'speaker:mute', 'speaker:provision', 'speaker:test'],
    ...['broadcast:cancel', 'latch:set'],
  ],
  editor: [
    ...READ,
    ...['speaker:mute', 'media:write', 'announcement:write', 'schedule:write'],
    ...['broadcast:play', 'broadcast:cancel', 'latch:set'],
  ],
  administrator: [
    ...READ,
    ...['area:write', 'calendar:write', 'clock:confirm', 'key:write'],
    ...['speaker:write', 'speaker:mute', 'speaker:provision', 'speaker:test'],
    ...['latch:set', 'audit:read', 'backup:read', 'backup:write'],
  ],
};
