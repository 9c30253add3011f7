import { errorTable } from './error.ts';

/** What stands in the way of a backup, or of putting one back. */
export const backupErrors = errorTable({
  'backup.no_sheet': {
    status: 409,
    message:
      'There is no backup passphrase yet: make the printable sheet first (POST /api/v1/backups/passphrase).',
  },
  'backup.no_destination': {
    status: 409,
    message: 'No destination can be written just now: {reason}. Connect the drive, or name another folder.',
  },
  'backup.running': { status: 409, message: 'A backup is under way already. Wait until it has ended.' },
  'backup.no_room': {
    status: 507,
    message: 'The backup needs {needed} MB in "{folder}"; {free} MB are free. Make room there and try again.',
  },
  'backup.place_unusable': {
    status: 422,
    message: 'Folder "{folder}" cannot be used: {reason}. Expected {expected}.',
  },
  'backup.tool_failed': {
    status: 500,
    message: '"{tool}" did not do its work ({reason}). {cure}',
  },
  'backup.wrong_passphrase': {
    status: 422,
    message:
      'The passphrase does not open this file. Take the sheet with the number that the file name says, and type all 24 letters and digits.',
  },
  'backup.damaged': {
    status: 422,
    message: 'The backup file is not whole: {reason}. Take another copy of it, or an older backup.',
  },
  'backup.forged': {
    status: 422,
    message:
      'The backup is not what a controller signed: {reason}. Do not put it back: take another copy from where backups are kept, and find out where this one comes from.',
  },
  'backup.other_root': {
    status: 422,
    message:
      'The backup is another controller’s: its root key is {found}, expected {expected}. Do not put it back: take a backup of this commune.',
  },
  'backup.disk_failed': {
    status: 500,
    message:
      'The disk did not do its work at "{folder}" ({reason}). The backup itself need not be damaged: look at the disk, its cable and who may read and write there, then try again.',
  },
  'backup.newer': {
    status: 422,
    message:
      'The backup was made by a newer version of the controller ({made}; this is {own}): update the controller first.',
  },
  'backup.other_database': {
    status: 422,
    message:
      'The backup holds a {made} database, and LOA_DATABASE_URL names one of {own}: restore onto the same kind.',
  },
  'restore.not_kept': {
    status: 409,
    message:
      'No backup is kept here that waits for this: it was put back, given up, or not asked for in time. Send it again.',
  },
  'restore.unconfirmed': {
    status: 409,
    message: 'The backup is not put back before somebody has confirmed it: {what}.',
  },
  'restore.failed': {
    status: 500,
    message:
      'The backup could not be put back ({reason}). Nothing was changed: try again, and look into the log if it goes on.',
  },
  'restore.not_empty': {
    status: 409,
    message:
      '"{place}" already holds {what}: a backup is put back into an empty place only. Name an empty data folder, or use --replace, which moves what is there aside and deletes nothing.',
  },
  'restore.in_use': {
    status: 409,
    message: 'A controller is running on "{folder}": stop it first.',
  },
  'restore.undone': {
    status: 409,
    message:
      'The backup could not be put in its place ({reason}). Everything is as it was before: correct that, and put the backup back again.',
  },
  'restore.stuck': {
    status: 500,
    message:
      'The backup could neither be put in its place nor taken back ({reason}). What was there before lies in "{aside}", and nothing of it is lost: correct that and start again, or move it back by hand and delete "{restoring}".',
  },
  'restore.busy': { status: 409, message: 'A backup is being put back already: {phase}.' },
});
