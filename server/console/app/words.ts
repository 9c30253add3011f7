/** Words of the frame around the pages, and those that several pages share. */
export const words = {
  product: 'Loa Làng',
  menu: 'Danh mục',
  logOut: 'Đăng xuất',
  logOutAgain: 'Đăng xuất lần nữa',
  leftOpenTitle: 'Chưa chắc đã đăng xuất',
  leftOpen:
    'Không kết nối được với máy chủ. Màn hình đã xóa, nhưng phiên đăng nhập có thể còn mở trên máy chủ. Khi có mạng lại, hãy đăng xuất lần nữa; nếu rời máy này, hãy đăng nhập ở máy khác và kết thúc phiên trong “Tài khoản của tôi”.',
  due: (count: number, day: string) => `Còn ${count} lượt phát của ngày ${day} chưa được duyệt.`,
  dueLook: 'Xem danh sách',
  backupAlarm: (days: number) =>
    `Đã ${days} ngày không có bản sao lưu nào ra khỏi máy này. Mất máy là mất hết: hãy cắm ổ USB hoặc nối thư mục dùng chung, rồi bấm “Sao lưu ngay”.`,
  backupLook: 'Tới trang Sao lưu',
  oldAddress: (url: string, own: string, waiting: number) =>
    `Còn ${waiting} cụm loa vẫn tìm máy chủ ở ${url}, là địa chỉ trước đây; máy này bây giờ ở ${own}.`,
  oldAddressCure: (url: string) =>
    `Kỹ thuật viên: đặt LOA_PUBLIC_URL=${url}, cho tên và cổng đó dẫn tới máy này, rồi khởi động lại. Không làm được thì ghi danh lại từng cụm loa.`,
  welcome: (name: string) => `Xin chào ${name}.`,
  deputyOf: (areas: string, from: string, until: string) =>
    `Bạn ký thay Chủ tịch (KT.\u00a0CHỦ\u00a0TỊCH) ở ${areas}${from === '' ? '' : ` từ ${from}`} đến ${until}.`,
  endOfDay: (day: string) => `hết ${day}`,
  noCommune:
    'Chưa địa bàn nào được ghi là xã, phường, thị trấn hay đặc khu: cả hệ thống được coi là một xã, nên phát khẩn cấp nhiều nơi cũng không hỏi người thứ hai.',
  outsideCommunes: (areas: string) =>
    `Có cụm loa ở nơi không thuộc xã, phường, thị trấn hay đặc khu nào: ${areas}. Quy định hai người không tính đúng cho các cụm loa này.`,
  nameCommunes:
    'Quản trị viên cần sửa loại của địa bàn cấp xã thành “xã”, “phường”, “thị trấn” hoặc “đặc khu”.',
  nameCommunesHere: 'Sửa loại địa bàn',
  skip: 'Tới nội dung chính',
  nav: {
    approvals: 'Duyệt bản tin',
    speakers: 'Cụm loa',
    collisions: 'Ưu tiên trùng giờ',
    areas: 'Địa bàn',
    people: 'Người dùng',
    pairing: 'Ghép điện thoại',
    tokens: 'Mã cho máy',
    backups: 'Sao lưu',
    storage: 'Dung lượng và lưu giữ',
    audit: 'Nhật ký hệ thống',
    account: 'Tài khoản của tôi',
  },
  displayName: 'Họ và tên',
  loginName: 'Tên đăng nhập',
  loginNameHint: 'Chữ thường không dấu, chữ số, dấu chấm, gạch ngang. Không đổi và không dùng lại được.',
  email: 'Địa chỉ thư điện tử',
  emailHint: 'Lời nhắc duyệt và thông báo về tài khoản được gửi tới đây. Có thể để trống.',
  emailNotSent:
    'Máy chủ này chưa được cài đặt để gửi thư, nên chưa có thư nào được gửi. Người vận hành đặt LOA_SMTP_URL và LOA_MAIL_FROM.',
  noPage: 'Không có trang này.',
  home: 'Về trang chính',
  roles: {
    administrator: 'Quản trị viên',
    editor: 'Cán bộ truyền thanh',
    chairman: 'Chủ tịch UBND',
    deputy: 'Phó Chủ tịch (ký thay)',
    technician: 'Kỹ thuật viên',
    auditor: 'Người giám sát',
    viewer: 'Người xem',
  } as Readonly<Record<string, string>>,
  notices: {
    phone_paired: 'Một điện thoại đã được ghép vào tài khoản',
    reset_link: 'Có liên kết đặt lại mật khẩu được tạo',
    password_set: 'Mật khẩu đã được đổi',
    second_factor_changed: 'Bước xác thực thứ hai đã thay đổi',
    grants_changed: 'Vai trò của tài khoản đã thay đổi',
    email_changed: 'Địa chỉ thư nhận thông báo đã thay đổi',
    approval_due: 'Ngày hôm sau còn lượt phát chưa được duyệt',
  } as Readonly<Record<string, string>>,
} as const;

interface Place {
  readonly kind: string;
  readonly name: string;
}

/** "Đài truyền thanh xã Tân An": a narrow line may end before a place, and nowhere else. Of more than two the rest is counted. */
export function stationName(...stations: readonly Place[]): string {
  const shown = stations.length > 2 ? stations.slice(0, 1) : stations;
  const places = shown.map(({ kind, name }) => `${kind} ${name}`);
  const more = stations.length - shown.length;
  const parts = [
    'Đài truyền thanh',
    ...places.map((place, i) => (i < places.length - 1 ? `${place},` : place)),
    ...(more > 0 ? [`và ${more} nơi khác`] : []),
  ];
  return parts.map((part) => part.replaceAll(' ', '\u00a0')).join(' ');
}
