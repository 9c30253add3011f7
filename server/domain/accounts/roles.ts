/** What a person or machine may be. A deputy has the chairman's rights between two dates (KT. CHỦ TỊCH); an auditor also reads the audit log. */
export const ROLES = [
  'administrator',
  'editor',
  'chairman',
  'deputy',
  'technician',
  'auditor',
  'viewer',
] as const;
export type Role = (typeof ROLES)[number];

/** The roles that speak for the commune: they approve, override a window, and may approve what they recorded themselves. */
export const LEADERS = ['chairman', 'deputy'] as const satisfies readonly Role[];

export const PERMISSIONS = [
  'area:read',
  'area:write',
  'speaker:read',
  'speaker:write',
  'speaker:mute',
  'speaker:provision',
  'speaker:test',
  'latch:set',
  'media:write',
  'announcement:read',
  'announcement:write',
  'announcement:approve',
  'broadcast:read',
  'broadcast:play',
  'broadcast:override',
  'broadcast:emergency',
  'broadcast:cancel',
  'review:resolve',
  'journal:read',
  'schedule:read',
  'schedule:write',
  'calendar:write',
  'clock:confirm',
  'key:write',
  'audit:read',
  'backup:read',
  'backup:write',
  'account:read',
  'account:write',
  'phone:pair',
  'token:read',
  'token:write',
] as const;
export type Permission = (typeof PERMISSIONS)[number];

/** A machine speaks for nobody: it is neither chairman nor deputy. */
export const MACHINE_ROLES = [
  'administrator',
  'editor',
  'technician',
  'auditor',
  'viewer',
] as const satisfies readonly Role[];
export type MachineRole = (typeof MACHINE_ROLES)[number];

/** What only a person may do, whatever the role: approve, override a window, stand for an emergency, judge one, decide who may what. */
export const PERSONS_ONLY: readonly Permission[] = [
  'announcement:approve',
  'broadcast:override',
  'broadcast:emergency',
  'review:resolve',
  'account:read',
  'account:write',
  'phone:pair',
  'token:read',
  'token:write',
];

const READ: readonly Permission[] = [
  'area:read',
  'speaker:read',
  'announcement:read',
  'broadcast:read',
  'journal:read',
  'schedule:read',
];

const LEADER: readonly Permission[] = [
  ...READ,
  'speaker:mute',
  'media:write',
  'announcement:write',
  'announcement:approve',
  'schedule:write',
  'broadcast:play',
  'broadcast:override',
  // An emergency that nobody approved goes out by a leader’s word.
  'broadcast:emergency',
  'broadcast:cancel',
  'review:resolve',
  'latch:set',
  'audit:read',
];

/** What each role may do inside its areas. */
export const GRANTS: Readonly<Record<Role, readonly Permission[]>> = {
  // The administrator sets the system up; what is said to the village is not an administrator's business.
  administrator: [
    ...READ,
    'area:write',
    'calendar:write',
    'clock:confirm',
    'key:write',
    'speaker:write',
    'speaker:mute',
    'speaker:provision',
    'speaker:test',
    'latch:set',
    'audit:read',
    'backup:read',
    'backup:write',
    'account:read',
    'account:write',
    'phone:pair',
    'token:read',
    'token:write',
  ],
  editor: [
    ...READ,
    'speaker:mute',
    'media:write',
    'announcement:write',
    'schedule:write',
    'broadcast:play',
    'broadcast:cancel',
    'latch:set',
    // Shows the QR code that the chairman's phone logs in with; who he is he proves himself.
    'phone:pair',
  ],
  chairman: LEADER,
  deputy: LEADER,
  technician: [
    ...READ,
    'speaker:write',
    'speaker:mute',
    'speaker:provision',
    'speaker:test',
    'broadcast:cancel',
    'latch:set',
  ],
  auditor: [...READ, 'audit:read'],
  viewer: READ,
};
