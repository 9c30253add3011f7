/** A QR code that the controller drew (SVG). As a picture: nothing in it can run. */
export function Qr(props: { readonly svg: string; readonly alt: string; readonly large?: boolean }) {
  return (
    <img
      className={props.large ? 'qr large' : 'qr'}
      src={`data:image/svg+xml,${encodeURIComponent(props.svg)}`}
      alt={props.alt}
    />
  );
}
