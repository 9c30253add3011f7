import { isIPv6 } from 'node:net';

/**
 * Whom an address is counted as: an IPv4 address as itself, also where IPv6 wraps it; an IPv6 address as its /64, which one line has for itself
 * alone, with more addresses than anybody can count. What is no address is left as it is.
 */
export function addressGroup(address: string): string {
  const [plain = ''] = address.split('%', 1);
  if (!isIPv6(plain)) return address;
  // Written the one way that the standard for URLs knows (WHATWG, "IPv6 serializer").
  const [head = '', tail] = new URL(`http://[${plain}]`).hostname.slice(1, -1).split('::');
  const [front, back] = [fieldsOf(head), fieldsOf(tail ?? '')];
  const fields = [...front, ...Array<string>(8 - front.length - back.length).fill('0'), ...back];
  const last = fields.slice(6).map((field) => Number.parseInt(field, 16));
  if (fields.slice(0, 6).join(':') === '0:0:0:0:0:ffff')
    return last.flatMap((field) => [field >> 8, field & 0xff]).join('.');
  return `${fields.slice(0, 4).join(':')}::/64`;
}

function fieldsOf(text: string): string[] {
  return text === '' ? [] : text.split(':');
}
