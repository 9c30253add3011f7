export const words = {
  title: 'Thiết lập lần đầu',
  intro: 'Máy chủ này chưa có ai quản trị. Chọn một trong hai việc dưới đây.',
  create: 'Tạo người quản trị đầu tiên',
  createWhy:
    'Cho máy chủ mới. Người này sẽ mời những người khác: cán bộ truyền thanh, Chủ tịch, kỹ thuật viên.',
  restore: 'Khôi phục từ bản sao lưu',
  restoreWhy: 'Cho máy chủ thay thế. Cần tệp sao lưu và mật khẩu trên phiếu sao lưu. Máy cũ phải tắt hẳn.',
  noSecret:
    'Địa chỉ này thiếu phần bí mật phía sau dấu “#”. Hãy mở đúng liên kết in ở màn hình dòng lệnh khi máy chủ khởi động.',
  done: 'Máy chủ đã được thiết lập.',
  toLogin: 'Tới trang đăng nhập',
  back: 'Quay lại',
  password: 'Mật khẩu',
  next: 'Tạo tài khoản',
  file: 'Tệp sao lưu',
  chooseFile: 'Chọn tệp…',
  otherFile: 'Chọn tệp khác…',
  fileHint: 'Tên tệp có dạng “loa-lang_…_phieu-2.tar”: số sau chữ “phieu” là số của phiếu cần lấy.',
  fileChosen: (name: string) => `Đã chọn “${name}”.`,
  passphrase: 'Mật khẩu trên phiếu',
  passphraseHint: (typed: number) =>
    `24 chữ và số (đang có ${typed}). Không phân biệt chữ hoa, chữ thường, có hay không có dấu gạch.`,
  passphraseOf: (sheet: string) => `Mật khẩu trên phiếu số ${sheet}`,
  oldOff: 'Máy chủ cũ đã tắt hẳn: hai máy chạy cùng lúc sẽ tranh nhau điều khiển loa.',
  start: 'Khôi phục',
  sending: 'Đang gửi tệp lên máy chủ',
  reading: 'Máy chủ đang giải mã và kiểm tra từng tệp',
  restarting: 'Bản sao lưu nguyên vẹn. Máy chủ đang khởi động lại…',
  backupAt: (at: string) => `Bản sao lưu lúc ${at}.`,
  keepOpen: 'Đừng đóng trang này.',
  restored:
    'Khôi phục xong. Cụm loa sẽ tự nối lại trong vài phút. Đăng nhập bằng tài khoản và mật khẩu như trước.',
} as const;
