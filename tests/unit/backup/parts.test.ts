import { describe, expect, it } from 'vitest';
import { backupName, readBackupName } from '../../../server/domain/backup/backup-name.ts';
import { newPassphrase, printedPassphrase } from '../../../server/domain/backup/passphrase.ts';
import { sheetHtml } from '../../../server/domain/backup/sheet.ts';
import { below } from '../../../server/storage/backup/layout.ts';
import { isEntryPath } from '../../../server/storage/backup/manifest.ts';

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

describe('a path inside an archive', () => {
  it.each(['a', 'a/b', 'ghi chú.txt', '..a', 'a..', '...', 'a:b', 'two\u2028lines', 'two\u2029lines'])(
    'is "%s"',
    (path) => {
      expect(isEntryPath(path)).toBe(true);
      expect(below('/data', path)).toBe(`/data/${path}`);
    },
  );

  it.each(['../x', 'a/../b', '/etc/passwd', 'a/./b', 'a//b', 'a/', '', 'a\u0000b', '..', 'x'.repeat(1001)])(
    'is not "%s"',
    (path) => expect(isEntryPath(path)).toBe(false),
  );

  // What some pattern takes for the end of a line, and no file system does.
  it.each(['\u2028', '\u2029', '\u0085', '\n', '\r', '\\', '\u000b'])(
    'goes nowhere with %j before its steps up',
    (odd) => {
      expect(isEntryPath(`data/${odd}/../../../x`)).toBe(false);
      expect(below('/data', `data/${odd}/../../../x`)).toBeNull();
    },
  );

  it.each(['', '.', '..', '../data', 'a/../..'])('"%s" is not below its folder', (path) => {
    expect(below('/data', path)).toBeNull();
  });
});

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
