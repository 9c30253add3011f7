export const words = {
  title: 'Đăng nhập',
  name: 'Tên đăng nhập',
  password: 'Mật khẩu',
  code: 'Mã xác thực',
  codeHint: 'Sáu chữ số trong ứng dụng sinh mã, hoặc một mã dự phòng.',
  codeWanted: 'Mật khẩu đúng. Nhập thêm mã xác thực.',
  enter: 'Đăng nhập',
  byPasskey: 'Đăng nhập bằng khóa truy cập',
  lost: 'Quên mật khẩu hoặc mất điện thoại? Quản trị viên của đài tạo được liên kết đặt lại.',
  notSetUp:
    'Máy chủ này chưa có người quản trị. Mở liên kết thiết lập in ở màn hình dòng lệnh khi máy chủ khởi động (địa chỉ kết thúc bằng “/setup#…”).',
} as const;
