import { describe, expect, it } from 'vitest';
import { backupName, readBackupName } from '../../../server/domain/backup/backup-name.ts';
import { newPassphrase, printedPassphrase } from '../../../server/domain/backup/passphrase.ts';
import { sheetHtml } from '../../../server/domain/backup/sheet.ts';
import { ENTRY_PATH } from '../../../server/storage/backup/manifest.ts';

describe('a passphrase', () => {
  it('is six groups of four without letters that look like others', () => {
    for (let i = 0; i < 200; i++)
      expect(newPassphrase()).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){5}[0-9A-HJKMNP-TV-Z]{4}$/);
    expect(new Set(Array.from({ length: 200 }, newPassphrase)).size).toBe(200);
  });

  it('may be typed in small letters, with or without dashes, with O for 0 and L for 1', () => {
    expect(printedPassphrase(' 7k3m 0o1l-abcd–efgh jkmnpqrs\n')).toBe('7K3M-0011-ABCD-EFGH-JKMN-PQRS');
  });

  it('that is none of ours stays what was typed', () => {
    expect(printedPassphrase(' correct horse ')).toBe('correct horse');
  });
});

describe('a backup’s name', () => {
  it('says whose, when and which sheet opens it', () => {
    const at = Date.UTC(2026, 0, 31, 19, 30, 5);
    const name = backupName('tan-an', at + 999, 12);
    expect(name).toBe('loa-lang_tan-an_2026-01-31_19-30-05Z_phieu-12.tar');
    expect(readBackupName(name)).toEqual({ name, areaId: 'tan-an', at, sheet: 12 });
  });

  it.each(['loa-lang_x_2026.tar', 'loa-lang_tan-an_2026-01-31_19-30-05Z_phieu-1.tar.123.new', '../loa.tar'])(
    'is not seen in "%s"',
    (name) => expect(readBackupName(name)).toBeNull(),
  );
});

it.each(['../x', 'a/../b', '/etc/passwd', 'a/./b', '', 'a\u0000b', '..'])(
  '"%s" is no path inside an archive',
  (path) => {
    expect(new RegExp(ENTRY_PATH).test(path)).toBe(false);
  },
);

it('the sheet shows passphrase, number and date, and lets no name become markup', () => {
  const html = sheetHtml({
    ...{
      number: 3,
      madeAt: Date.UTC(2026, 10, 28, 19, 30),
      passphrase: 'AAAA-BBBB',
      rootKey: '12345 67890',
      zone: 'Asia/Ho_Chi_Minh',
    },
    place: 'xã <script>',
  });
  expect(html).toContain('AAAA-BBBB');
  expect(html).toContain('SỐ 3');
  expect(html).toContain('12345 67890');
  expect(html).toContain('29/11/2026');
  expect(html).not.toContain('<script>');
});
