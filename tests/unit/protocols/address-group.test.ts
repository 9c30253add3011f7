import { expect, it } from 'vitest';
import { addressGroup } from '#kit';

it('counts IPv4 by address, IPv6 by line, and leaves alone what is neither', () => {
  const groups = {
    '192.0.2.1': '192.0.2.1',
    '::ffff:192.0.2.1': '192.0.2.1',
    '::FFFF:c000:201': '192.0.2.1',
    '2001:db8:1:2:3:4:5:6': '2001:db8:1:2::/64',
    '2001:0DB8:0001:0002::9': '2001:db8:1:2::/64',
    '2001:db8::1': '2001:db8:0:0::/64',
    'fe80::1%eth0': 'fe80:0:0:0::/64',
    '::1': '0:0:0:0::/64',
    '64:ff9b::192.0.2.1': '64:ff9b:0:0::/64',
    unknown: 'unknown',
    '': '',
  };
  for (const [address, group] of Object.entries(groups))
    expect([address, addressGroup(address)]).toEqual([address, group]);
});
