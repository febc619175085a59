export default function NewExperimentPage(_props: { readonly id?: string }) {
  return null;
}
