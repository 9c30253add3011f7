import { PasswordField } from './fields.tsx';

const LEAST = 12;
const MOST = 128;
/** Letters, digits and signs of this many kinds or more make a text that is not just one key pressed again and again. */
const LEAST_DIFFERENT = 6;

/** The rules that the page can see itself; what is known from leaks or is only a name the controller finds. */
export function meetsRules(password: string): boolean {
  const letters = [...password.normalize('NFC')];
  return letters.length >= LEAST && letters.length <= MOST && new Set(letters).size >= LEAST_DIFFERENT;
}

/** A password that is chosen, with what makes it a good one. */
export function NewPasswordField(props: {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
}) {
  const letters = [...props.value.normalize('NFC')];
  const rules: readonly (readonly [met: boolean, text: string])[] = [
    [letters.length >= LEAST, `Ít nhất ${LEAST} ký tự (đang có ${letters.length})`],
    [new Set(letters).size >= LEAST_DIFFERENT, `Có ít nhất ${LEAST_DIFFERENT} ký tự khác nhau`],
    // Said only where it is broken: a field that cut it would keep another password than was pasted.
    ...(letters.length > MOST
      ? [[false, `Nhiều nhất ${MOST} ký tự (đang có ${letters.length})`] as const]
      : []),
  ];
  return (
    <div className="stack tight">
      <PasswordField
        label={props.label}
        value={props.value}
        onChange={props.onChange}
        autoComplete="new-password"
        required
        hint="Bốn, năm từ không liên quan nhau là tốt nhất; có dấu và dấu cách cũng được. Đừng dùng tên người, tên xã, ngày sinh hay mật khẩu của nơi khác."
      />
      <ul className="rules small" aria-live="polite">
        {rules.map(([met, text]) => (
          <li key={text} className={met ? 'met' : ''}>
            {text}
          </li>
        ))}
      </ul>
    </div>
  );
}
