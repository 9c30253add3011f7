import type { Holiday, HolidayDate, HolidayTable, Tone } from './holiday.ts';

const LABOUR_CODE = 'Bộ luật Lao động 2019, Điều 112';
const GREAT_DAYS = 'Nghị định 145/2013/NĐ-CP, Điều 4';

const solar = (day: number, month: number): HolidayDate => ({ kind: 'solar', month, day });
const lunar = (day: number, month: number): HolidayDate => ({ kind: 'lunar', month, day });

function day(
  id: string,
  name: string,
  date: HolidayDate,
  tone: Tone,
  more: Partial<Omit<Holiday, 'id' | 'name' | 'date' | 'tone'>> = {},
): Holiday {
  return { id, name, date, tone, paid: false, restDays: 0, major: false, greeted: true, basis: '', ...more };
}

const paid = (restDays: number) => ({ paid: true, restDays, basis: LABOUR_CODE });
const major = { major: true, basis: GREAT_DAYS };
const both = (restDays: number) => ({
  ...paid(restDays),
  major: true,
  basis: `${LABOUR_CODE}; ${GREAT_DAYS}`,
});

/**
 * What a new controller starts with; from then on the table is the commune's own data. Eleven days of rest are paid
 * (Labour Code, article 112). Ngày Văn hóa Việt Nam is to become one by a change of the law: `paid` says whether it is.
 */
export const DEFAULT_HOLIDAYS: HolidayTable = [
  day('tet-duong-lich', 'Tết Dương lịch', solar(1, 1), 'chuc-mung', paid(1)),
  day('thanh-lap-dang', 'Ngày thành lập Đảng Cộng sản Việt Nam', solar(3, 2), 'chuc-mung', major),
  day('thay-thuoc', 'Ngày Thầy thuốc Việt Nam', solar(27, 2), 'chuc-mung'),
  day('quoc-te-phu-nu', 'Ngày Quốc tế Phụ nữ', solar(8, 3), 'chuc-mung'),
  day('thanh-lap-doan', 'Ngày thành lập Đoàn TNCS Hồ Chí Minh', solar(26, 3), 'chuc-mung'),
  day(
    'giai-phong-mien-nam',
    'Ngày Giải phóng miền Nam, thống nhất đất nước',
    solar(30, 4),
    'chuc-mung',
    both(1),
  ),
  day('quoc-te-lao-dong', 'Ngày Quốc tế Lao động', solar(1, 5), 'chuc-mung', paid(1)),
  day('dien-bien-phu', 'Ngày Chiến thắng Điện Biên Phủ', solar(7, 5), 'chung', major),
  day('sinh-nhat-bac', 'Ngày sinh Chủ tịch Hồ Chí Minh', solar(19, 5), 'chung', major),
  day('quoc-te-thieu-nhi', 'Ngày Quốc tế Thiếu nhi', solar(1, 6), 'chuc-mung'),
  day('bao-chi', 'Ngày Báo chí Cách mạng Việt Nam', solar(21, 6), 'chuc-mung'),
  day('gia-dinh', 'Ngày Gia đình Việt Nam', solar(28, 6), 'chuc-mung'),
  day('thuong-binh-liet-si', 'Ngày Thương binh - Liệt sĩ', solar(27, 7), 'tri-an'),
  day('cach-mang-thang-tam', 'Ngày Cách mạng tháng Tám thành công', solar(19, 8), 'chung', major),
  day('quoc-khanh', 'Ngày Quốc khánh', solar(2, 9), 'chuc-mung', both(2)),
  day('khai-giang', 'Ngày khai giảng năm học mới', solar(5, 9), 'chuc-mung'),
  day('nguoi-cao-tuoi', 'Ngày Quốc tế Người cao tuổi', solar(1, 10), 'chuc-mung'),
  day('doanh-nhan', 'Ngày Doanh nhân Việt Nam', solar(13, 10), 'chuc-mung'),
  day('nong-dan', 'Ngày thành lập Hội Nông dân Việt Nam', solar(14, 10), 'chuc-mung'),
  day('phu-nu-viet-nam', 'Ngày Phụ nữ Việt Nam', solar(20, 10), 'chuc-mung'),
  day('dai-doan-ket', 'Ngày hội Đại đoàn kết toàn dân tộc', solar(18, 11), 'chuc-mung'),
  day('nha-giao', 'Ngày Nhà giáo Việt Nam', solar(20, 11), 'chuc-mung'),
  day('van-hoa-viet-nam', 'Ngày Văn hóa Việt Nam', solar(24, 11), 'chuc-mung', {
    restDays: 1,
    basis: 'Nghị quyết 80-NQ/TW; Nghị quyết 30/NQ-CP (2026)',
  }),
  day('quan-doi-nhan-dan', 'Ngày thành lập Quân đội nhân dân Việt Nam', solar(22, 12), 'chuc-mung'),
  day('no-en', 'Lễ Nô-en', solar(25, 12), 'chuc-mung', { greeted: false }),
  day('tet-nguyen-dan', 'Tết Nguyên đán', lunar(1, 1), 'chuc-mung', both(5)),
  day('ram-thang-gieng', 'Rằm tháng Giêng', lunar(15, 1), 'chung'),
  day('gio-to', 'Giỗ Tổ Hùng Vương', lunar(10, 3), 'tri-an', both(1)),
  day('phat-dan', 'Lễ Phật đản', lunar(15, 4), 'chuc-mung'),
  day('vu-lan', 'Lễ Vu Lan', lunar(15, 7), 'tri-an'),
  day('trung-thu', 'Tết Trung thu', lunar(15, 8), 'chuc-mung'),
  day('ong-tao', 'Ông Công, ông Táo', lunar(23, 12), 'chung'),
  day('giao-thua', 'Giao thừa', { kind: 'lunar-new-year-eve' }, 'chuc-mung'),
];
