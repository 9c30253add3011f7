import { useState } from 'react';
import { Button } from './button.tsx';

/** Copies a text. Without TLS browsers have no clipboard: there is no button then. */
export function CopyButton(props: { readonly text: string }) {
  const [copied, setCopied] = useState(false);
  if (navigator.clipboard === undefined) return null;
  return (
    <Button
      onPress={() => {
        navigator.clipboard.writeText(props.text).then(
          () => setCopied(true),
          () => setCopied(false),
        );
      }}
    >
      {copied ? 'Đã chép' : 'Chép'}
    </Button>
  );
}
