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
    message: 'No destination can be written just now ({folders}). Connect the drive, or name another folder.',
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
  'backup.nowhere': {
    status: 409,
    message: 'No destination is named. Name a drive, a share or a folder first.',
  },
  'backup.place_full': {
    status: 507,
    message: 'There is no room left in "{folder}". Make room there, or use a larger drive, and try again.',
  },
  'backup.unverified': {
    status: 500,
    message:
      'What was written could not be read back as it should ({reason}), and was not kept. Try again, and look into the log if it goes on.',
  },
  'backup.copy_differs': {
    status: 500,
    message:
      'The copy in "{folder}" is not what was written. Try again; if it stays so, the drive there may be failing: use another one.',
  },
  'backup.place_missing': {
    status: 422,
    message: 'There is no folder "{folder}": connect the drive or the share, or name another folder.',
  },
  'backup.place_file': {
    status: 422,
    message: '"{folder}" is a file: name a folder.',
  },
  'backup.place_within': {
    status: 422,
    message:
      '"{folder}" lies inside the data folder, which is what is backed up: name a folder elsewhere, or "{own}".',
  },
  'backup.place_unmounted': {
    status: 422,
    message: 'No drive and no share is mounted at "{folder}": connect it.',
  },
  'backup.place_in_memory': {
    status: 422,
    message:
      '"{folder}" is memory and no disk: what is put there is gone when the power is. Name a folder of a drive or a share.',
  },
  'backup.place_silent': {
    status: 503,
    message: '"{folder}" does not answer: see that the drive or the share can be reached.',
  },
  'backup.place_stalled': {
    status: 503,
    message:
      'Nothing went on at "{folder}" for {minutes} minutes, and the backup was given up: see that the drive or the share can be reached.',
  },
  'backup.copy_stalled': {
    status: 503,
    message:
      'Nothing went on between "{source}" and "{folder}" for {minutes} minutes, and the copy was given up: see that both drives or shares can be reached.',
  },
  'backup.source_gone': {
    status: 503,
    message:
      'The backup could not be copied to "{folder}": "{source}", which holds it, can no longer be reached. Connect it again, and back up once more.',
  },
  'backup.file_too_long': {
    status: 422,
    message:
      'The drive at "{folder}" is formatted as FAT32, which takes no file of {megabytes} MB: format it as exFAT or NTFS, which deletes what is on it.',
  },
  'backup.name_taken': {
    status: 409,
    message: '"{folder}" already holds "{name}", which is never overwritten: try again in a second.',
  },
  'backup.old_kept': {
    status: 500,
    message:
      '{count} older backups in "{folder}" could not be removed ({reason}): see whether the drive is write-protected or full.',
  },
  'backup.given_up': {
    status: 503,
    message: 'The backup was given up because the controller stops. Back up once it runs again.',
  },
  'backup.failed': {
    status: 500,
    message: 'The backup could not be made ({reason}). Try again, and look into the log if it goes on.',
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
