export default function WinnerPage(_props: { readonly id?: string }) {
  return null;
}
