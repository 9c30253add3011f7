import { expect, it } from 'vitest';
import { DomainError } from '#protocols';
import { asDiskError } from '../../../server/storage/backup/disk-errors.ts';

const failed = (code: string, message = code) => Object.assign(new Error(message), { code });

it('tells a disk that is full from one that fails, and leaves all else as it is', () => {
  for (const code of ['ENOSPC', 'EDQUOT', 'SQLITE_FULL'])
    expect(asDiskError(failed(code), '/usb')).toMatchObject({
      code: 'backup.place_full',
      params: { folder: '/usb' },
    });
  expect(asDiskError(failed('EIO', 'EIO: i/o error\n at x'), '/usb')).toMatchObject({
    code: 'backup.disk_failed',
    params: { folder: '/usb', reason: 'EIO: i/o error' },
  });
  for (const error of [failed('ENOENT'), new Error('x'), new DomainError('backup.running')])
    expect(asDiskError(error, '/usb')).toBe(error);
});
