export const words = {
  title: 'Ghép điện thoại',
  why: 'Mở mã QR trên màn hình này để Chủ tịch (hoặc người khác) quét bằng máy ảnh điện thoại và đăng nhập, không phải gõ địa chỉ.',
  name: 'Tên đăng nhập của người đó',
  show: 'Mở mã QR',
  scan: (name: string) => `${name}: mở máy ảnh điện thoại và quét`,
  alt: 'Mã QR để điện thoại quét',
  direct: 'Quét xong là vào ngay: chỉ đưa cho đúng người.',
  proof: 'Sau khi quét, người đó nhập mật khẩu hoặc dùng khóa truy cập của chính mình.',
  waiting: (at: string) => `Đang chờ. Mã dùng được một lần, đến ${at}.`,
  used: 'Điện thoại đã đăng nhập.',
  expired: 'Mã đã hết hạn. Đóng lại và mở mã mới.',
  close: 'Đóng',
} as const;
