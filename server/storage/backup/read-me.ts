/** The note that lies in every backup in clear text: what it is and how it is opened, with and without this program. */
export function readMe(sheet: number): string {
  const which =
    sheet === 0
      ? 'mật khẩu đã hiện một lần trên màn hình dòng lệnh khi sao lưu'
      : `mật khẩu in trên PHIẾU SAO LƯU SỐ ${sheet}`;
  return [
    'BẢN SAO LƯU CỦA HỆ THỐNG LOA LÀNG',
    '',
    `Tệp này mở được bằng ${which}. Không có mật khẩu đó thì không ai mở được.`,
    '',
    'Khôi phục bằng chương trình:',
    '  npm run restore -- TÊN-TỆP.tar',
    '',
    'Mở không cần chương trình (máy có "tar" và "age", https://age-encryption.org):',
    '  tar -xf TÊN-TỆP.tar',
    '  age -d -i key.age backup.tar.age | tar -x',
    '',
    'Lệnh "age" chỉ nhận mật khẩu gõ đúng như in trên phiếu: chữ hoa, có dấu gạch.',
    '',
    'In English: a plain tar. key.age is an age identity under the passphrase of the printed sheet; it opens backup.tar.age,',
    'a tar with the database, the audio, the keys, manifest.json (SHA-256 of every file) and manifest.jws (what the controller signed of it).',
    '',
  ].join('\n');
}
