export default function TrialPage(_props: { readonly id?: string }) {
  return null;
}
