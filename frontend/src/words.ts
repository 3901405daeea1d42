/* The few words scripts say, in the page's language. */

const WORDS: Record<string, [string, string]> = {
  copy: ["Copier", "Copy"],
  copied: ["Copié", "Copied"],
  chosen: ["fichiers choisis", "files chosen"],
  oneChosen: ["fichier choisi", "file chosen"],
  sending: ["Envoi en cours", "Sending"],
  loading: ["Chargement de la carte…", "Loading the map…"],
  failed: ["La carte n'a pas pu être chargée.", "The map could not be loaded."],
  cut: ["L'envoi n'a pas abouti. Vérifiez votre connexion, puis envoyez de nouveau.", "The files did not arrive. Check your connection, then send them again."],
  again: ["Réessayer d'ouvrir la carte", "Try the map again"],
  some: ["La carte montre une partie des lignes : rapprochez-vous pour voir les autres.", "The map shows some of the rows: zoom in to see the others."],
  mapLabel: ["Carte des données ; le tableau donne les mêmes lignes.", "Map of the data; the table gives the same rows."],
};

export function word(name: string): string {
  const pair = WORDS[name] ?? [name, name];
  return document.documentElement.lang === "en" ? pair[1] : pair[0];
}
