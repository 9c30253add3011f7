import { localDay, writtenDay } from '../policies/zoned-time.ts';

/** What a sheet says besides the passphrase. */
export interface SheetFacts {
  readonly number: number;
  readonly madeAt: number;
  readonly passphrase: string;
  /** The controller's root key (`keyFingerprint`). */
  readonly rootKey: string;
  /** "xã Tân An". */
  readonly place: string;
  readonly zone: string;
}

/** The sheet as one page to print: no script, nothing fetched from anywhere. */
export function sheetHtml({ number, madeAt, passphrase, rootKey, place, zone }: SheetFacts): string {
  const date = writtenDay(localDay(zone, madeAt));
  return `<!doctype html>
<html lang="vi"><head><meta charset="utf-8"><title>Phiếu sao lưu số ${number}</title>
<style>
body{font:12pt/1.5 sans-serif;max-width:18cm;margin:1cm auto;color:#000}
h1{font-size:20pt;margin:0}
.pass{font:bold 22pt/1.4 monospace;border:2pt solid #000;padding:.5cm;text-align:center;margin:.6cm 0;letter-spacing:.06em}
.root{font:bold 14pt/1.6 monospace}
.sign{margin-top:1.2cm;display:flex;justify-content:space-between}
</style></head><body>
<h1>PHIẾU SAO LƯU SỐ ${number}</h1>
<p>Hệ thống truyền thanh – ${escaped(place)}<br>Ngày lập: ${date}</p>
<p>Mật khẩu mở các bản sao lưu có chữ <b>phieu-${number}</b> trong tên tệp:</p>
<p class="pass">${passphrase}</p>
<p>Không phân biệt chữ hoa, chữ thường. Không có chữ I, L, O, U: thấy giống thì là số 1 hoặc số 0. Mở bằng lệnh “age” thì phải gõ đúng như in, chữ hoa và có dấu gạch.</p>
<p>Mã khóa gốc của máy chủ (không bí mật; khi khôi phục, mã trên màn hình phải <b>giống hệt</b> mã này):<br><b class="root">${rootKey}</b></p>
<h2>Giữ phiếu này thế nào</h2>
<ul>
<li>In <b>hai bản</b>: một bản cho vào phong bì niêm phong, cất trong tủ có khóa hoặc két của Ủy ban; một bản cất ở nơi khác.</li>
<li>Không chụp ảnh, không gửi Zalo hay thư điện tử. Không để cùng chỗ với ổ USB sao lưu.</li>
<li>Mất phiếu: lập phiếu mới ngay (Sao lưu → Lập phiếu mới). Bản sao lưu cũ chỉ mở được bằng phiếu cũ; đừng hủy phiếu cũ khi còn giữ tệp cũ.</li>
<li>Mật khẩu này <b>không hiện lại lần nữa</b>. Không ai, kể cả nhà cung cấp, mở được bản sao lưu nếu mất phiếu.</li>
</ul>
<h2>Khi máy chủ hỏng</h2>
<ol>
<li><b>Tắt hẳn máy cũ</b> (hai máy cùng chạy sẽ tranh nhau điều khiển loa).</li>
<li>Cài chương trình lên máy mới, khởi động, mở trang thiết lập lần đầu và chọn “Khôi phục từ bản sao lưu”.</li>
<li>Chọn tệp mới nhất, gõ mật khẩu trên phiếu có số ghi trong tên tệp.</li>
<li>Đối chiếu tên xã, ngày và <b>mã khóa gốc</b> với phiếu này. Không giống thì <b>không khôi phục</b>: đó là hệ thống của người khác.</li>
<li>Giữ nguyên địa chỉ của máy chủ cũ: cụm loa tự nối lại, không phải đi tới từng cột loa.</li>
</ol>
<p class="sign"><span>Người lập phiếu</span><span>Người nhận, cất giữ</span></p>
</body></html>
`;
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
