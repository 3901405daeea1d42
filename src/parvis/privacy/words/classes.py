"""Classes of words that decide whether a name is a person's: what announces one, what makes a street or a company of it.

All are folded (small letters, no accents). They are ours, written by hand.
"""

from __future__ import annotations


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Said before a name, and part of none.
TITLES = _set(
    "m mr mrs mm mme mmes mlle mlles me dr pr monsieur madame mademoiselle messieurs mesdames mesdemoiselles docteur "
    "professeur maitre veuve vve consorts epoux epouse indivision nee"
)
# Titles that also announce a name without a capital.
LOWER_TITLES = _set(
    "m mr mme mmes mlle monsieur madame mademoiselle messieurs mesdames veuve consorts epoux epouse indivision nee "
    "docteur dr professeur maitre"
)
# Titles that are also ordinary words or letters: the name must be known.
WEAK_TITLES = _set("m me pr professeur docteur dr maitre epoux epouse nee veuve mrs indivision")
# Titles of several people.
PLURAL = _set("mm mmes mlles messieurs mesdames mesdemoiselles consorts epoux")
# What stands inside a surname.
PARTICLES = _set(
    "de du des le la les d l van von der den ben el al bel da dos di del y o san sainte mac mc saint las los "
)
# Functions of public life, and those that make « M. le … » no name.
ROLES = _set(
    "maire adjoint adjointe conseiller conseillere conseillers president presidente vice-president vice-presidente "
    "prefet prefete sous-prefet sous-prefete depute deputee senateur senatrice ministre directeur directrice "
    "secretaire tresorier tresoriere rapporteur rapporteure rapporteuse elu elue comptable receveur receveuse "
    "percepteur inspecteur inspectrice recteur rectrice procureur procureure commissaire administrateur "
    "administratrice delegue deleguee responsable chef cheffe juge notaire architecte proviseur proviseure principal "
    "principale doyen doyenne general generale municipal municipale municipaux communautaire departemental "
    "departementale regional regionale premier premiere deuxieme troisieme garde ambassadeur ambassadrice "
    "premier-ministre secretaires adjoints adjointes conseilleres elus elues gardien brigadier brigadier-chef chefs "
    "referent referente vice-presidents"
)
# Words that may stand right before a person and take nothing from it.
LABELS = _set(
    "beneficiaire demandeur demandeuse petitionnaire proprietaire locataire gerant gerante contact titulaire auteur "
    "signataire famille animateur animatrice professeur enseignant enseignante agent interlocuteur candidat candidate "
    "remerciements nom prenom par pour chez avec present presents presente absent absents excuse excuses pouvoir "
    "pouvoirs votants votant votes mandataire pharmacien medecin infirmier infirmiere avocat entraineur moniteur "
    "locataires proprietaires requerant requerante riverain riveraine voisin voisine usager administre allocataire "
    "assure adherent plaignant plaignante conducteur passager victime eleve enfant stagiaire apprenti employe "
    "employee salarie salariee retraite epoux epouse acquereur vendeur preneur bailleur exploitant exploitante "
    "commercant artisan laureat laureate gagnant gagnante defunt defunte soussigne soussignee nomme nommee denomme "
    "accuse temoin tuteur tutrice acheteur donateur ancien ancienne bonjour cher chere cordialement signe scan "
    "courrier admis observation avis reponse"
)
# Words past which no noun rules the name any more.
BREAKS = _set(
    "a par pour avec chez entre dont que qui est sont ont ainsi auquel laquelle lequel au aux envers aupres contre "
    "sous versee verse attribuee accordee donne signe signee remis remise recu cedee vendue louee selon apres depuis "
    "sauf hormis puis lors vers demande demandent signale sollicite conteste appartient appartenant occupe loue vend "
    "cede habite"
)
# Who is thanked, paid, quoted or met: « bravo à Rose Belrande ».
CALLS = _set("a par avec chez pour envers merci bravo selon contre dont entre et")
# What is raised to someone of the past.
WORKS = _set("monument stele plaque statue buste medaillon hommage ode dedicace tombeau memorial fresque pavillon")
# Nouns that make a place, a body, a work or a rule of the name that follows.
NOUNS = _set(
    "medaillon view r equipe prim elem mat aquarelle ogec apel sdis locaux equipement environnement telecom parvis "
    "rue avenue av ave boulevard bd bld blvd place pl allee allees chemin che ch chem route rte impasse imp quai "
    "square sq cours esplanade pont parc jardin jardins passage voie sentier ruelle faubourg fbg rond-point rondpoint "
    "carrefour promenade venelle mail montee cote port villa cite lotissement hameau lieu-dit lieudit zac za zi zone "
    "secteur ilot quartier residence residences immeuble batiment bat tour ecole ecoles ec groupe college lycee "
    "creche creches multi-accueil maternelle elementaire primaire cantine restaurant centre maison gymnase stade "
    "salle salles piscine mediatheque bibliotheque theatre espace complexe hopital clinique chapelle eglise "
    "cathedrale basilique abbaye foyer ehpad arret station gare metro tram tramway terminus parking aire hotel "
    "boulangerie boucherie garage pharmacie club association asso comite amicale union societe ste sarl sas sasu sa "
    "eurl sci scp scop selarl selas snc gaec earl scea ets etablissement etablissements entreprise cabinet agence "
    "atelier ateliers fondation federation syndicat mairie commune ville loi lois jurisprudence prix concours "
    "challenge tournoi trophee coupe cie compagnie transports travaux construction immobilier studio galerie "
    "librairie editions musee statue buste stele monument fontaine plaque oeuvre oeuvres tableau toile sculpture "
    "fresque exposition expo concert spectacle film roman livre album chanson recital hommage conference "
    "conservatoire auditorium cinema festival orchestre choeur chorale harmonie fanfare theorie plan rapport projet "
    "programme dispositif institut institution universite faculte laboratoire campus internat iut ifsi lep lp sep mfr "
    "ime itep sessad esat cmp cmpp ccas mjc mptt crous caserne camp fort chateau moulin ferme domaine bois foret lac "
    "etang plage digue barrage canal ecluse terrain plateau cosec halle halles marche marches kiosque skatepark dojo "
    "velodrome patinoire base refuge cimetiere crematorium presbytere temple mosquee synagogue prefecture tribunal "
    "palais amis ami cercle collectif mouvement confrerie academie alliance ligue office bureau service conseil lieu "
    "site rive les des saint sainte st notre-dame nd mont col pic pole crechesm micro-creche halte-garderie rpe ram "
    "lape alsh clsh accueil periscolaire jeunesse radio journal revue magazine collection fonds legs donation "
    "dotation bourse bourses medaille famille promotion banque credit caisse mutuelle assurance ecurie haras "
    "pepiniere pepinieres brasserie cafe bar tabac pizzeria traiteur auberge gite camping chambre chambres menuiserie "
    "plomberie electricite scierie maconnerie imprimerie taxi taxis ambulances auto-ecole cordonnerie fleuriste "
    "coiffure opticien optique ensemble quatuor trio duo quintette sextet big-band groupement cooperative comptoir "
    "bus ligne navette borne bornes forage captage source pompage poste transformateur sprt decheterie variete "
    "varietes rosier cultivar prunus salon recreation relais vestiaire villas tribune arene arenes passerelle viaduc "
    "giratoire esplanades berge berges berceau venelles traverse clos mas descente voies bretelle foyer-logement "
    "columbarium pavillon hangar placette skate-park boulodrome city-stade plaine clairiere sente residence-autonomie "
    "ludotheque bibliobus opera piece pieces comedie tragedie ballet symphonie sonate aria biographie essai recueil "
    "poeme poesie dictee telefilm documentaire serie manga chansons tournee arrets amendement decret circulaire "
    "ordonnance directive theoreme methode operation mission cellule classe classes brevet label norme echelle indice "
    "formule reglement tarif pass carte trophees criterium corrida cross marathon regate rallye grand-prix gala bal "
    "carnaval kermesse guinguette fete fetes foire foires gr chaussures montre velo tracteur camion camionnette "
    "fourgon utilitaire tondeuse logiciel imprimante lecteur broyeur balayeuse engin pelle voiture vehicule progiciel "
    "marque modele vins champagne biere domaines boutique epicerie supermarche magasin bijouterie chocolaterie "
    "patisserie poissonnerie fromagerie primeur quincaillerie droguerie mercerie pressing laverie salon-de-coiffure "
    "institut-de-beaute carrosserie serrurerie vitrerie couverture charpente paysagiste paysagistes terrassement "
    "demenagement etude office-notarial maison-medicale laboratoires industries industrie groupe-scolaire holding "
    "filiale consortium scic coop organisme mandataire-judiciaire dahlia dahlias  "
    "cepage pays canton massif vallee val cap ile iles golfe baie presqu-ile lotissements "
    "arriere-cour mission-locale chalet chalets"
)
NOUNS |= frozenset(f"{word}s" for word in NOUNS if len(word) > 4 and word[-1] not in "sx")
NOUNS |= _set(
    "maladie syndrome chu chru chs chr cmpea samu smur sessad esms crous bu mam relais-petite-enfance tapisserie combe"
)
# Words that make a company of the name before them.
AFTER_BODY = _set(
    "equipement environnement telecom nord sud est ouest gamme btp tp automobiles auto voyages paysagiste sarl sas "
    "sasu sa eurl sci scp scop selarl selas snc gaec earl scea cie associes consulting conseil conseils architectes "
    "architecte avocats immobilier transports batiment construction constructions travaux production productions "
    "editions diffusion services formation formations sport sports basket football club fc paysage paysages "
    "electricite plomberie freres fils soeurs pere-et-fils groupe group france international holding industrie "
    "industries distribution energies energie solutions automobile menuiserie charpente couverture peinture "
    "maconnerie assurances assurance notaires avocat geometres urbanisme ingenierie scic developpement invest "
    "participations motoculture espaces nettoyage proprete securite traiteur evenements fleurs optique coiffure "
    "ambulances pompes"
)
# Never a name after a title nor a surname: words that titles and first names meet in ordinary sentences.
NEVER = _set(
    "saint sainte france reims stella le la les un une des du de et ou en au aux par pour sur sous dans avec "
    "sans est sont tous toutes tout toute ce cette janvier fevrier mars avril mai juin juillet aout septembre octobre "
    "novembre decembre lundi mardi mercredi jeudi vendredi samedi dimanche tarif tarifs montant total euros budget "
    "compte subvention subventions nord sud ouest europe ouvrage oeuvre bovary sans-gene sport culture ii iii iv vi "
    "vii viii ix xi xii xiii xiv xv xvi et/ou non oui aide achat demande dossier acquisition convention annee "
    "fonctionnement ne nee lors considerant attendu vu selon apres avant depuis pendant chez cordialement bonjour "
    "merci bravo objet article articles alinea chapitre section lot lots monsieur madame procuration pouvoir presents "
    "absents excuses votants secretaire rapporteur seance conseil deliberation question reponse voix paques toussaint "
    "ascension pentecote armistice muguet halal reference ref tel telephone portable courriel mail email siret siren "
    "nir iban bic rib insee cni rsa aah apa caf cpam cpf dgs drh ccas plu pos scot zac cerfa ht ttc tva cedex bp fait "
    "lu approuve nord-est sud-ouest centre-ville internet covid google facebook"
)
# First names and surnames that are ordinary words too: alone they prove nothing.
COMMON = _set(
    "rose pierre marine france florence victoire olive charlotte aurore iris violette marguerite prune clementine "
    "ambre jade perle melodie harmonie constance prudence clemence esperance celeste avril alma lorraine ville parc "
    "port bois mont moulin fontaine maire maison bon grand petit blanc noir brun rouge roux jeune vieux long court "
    "bel beau gros fort leger marchand boulanger meunier berger chevalier prince roi page clerc moine pape abbe "
    "chapelle eglise riviere lac mer vallee valle prairie pre roche rocher pierres sable colin merlin loup renard "
    "lion aigle noel carnaval laurier saule chene fleur fleurs lys dahlia lilas ange marin mercier mercredi paris "
    "lyon nice tours vienne nancy sens bonne bonheur chance amour vie ete hiver soleil lune sol terre nature foret "
    "place cour quai chemin rue masse base carre bar bas haut sept huit neuf vingt cent mille point ligne suite union "
    "alliance concorde liberte egalite fraternite republique dimanche samedi mardi jean-bart alba ariane diane daphne "
    "flora gaia electra europe asia juste gentil sauvage courtois vaillant parfait modeste desire garde poste vert "
    "verte bleu douce doux libre franc sage heureux content joli jolie prochain dernier premier royal loyal noble "
    "riche pauvre legume jardin etoile comete avenir printemps automne olivier acacia tilleul peuplier romarin jasmin "
    "muguet capucine chef conseil champs champion ours taureau cheval agneau mouton coq poisson oiseau "
    "hirondelle rossignol pinson vigne vignes figue poire pomme cerise fraise melon ble foin moisson vendange noisette genet "
    "bruyere lavande tulipe orchidee narcisse bleuet coquelicot chataigne verger potager paille grange colline falaise rocher "
    "gravier caillou marais ruisseau torrent cascade orage tempete nuage neige"
)
# People of the past whose names are on every street corner: not someone of today unless a title says so.
FAMOUS: frozenset[str] = frozenset(
    name
    for name in (
        "jean jaures,jules ferry,victor hugo,louis pasteur,jean moulin,leon blum,emile zola,paul bert,jules verne,"
        "marie curie,pierre curie,louis aragon,paul eluard,jacques prevert,albert camus,antoine de saint exupery,"
        "charles de gaulle,georges pompidou,francois mitterrand,jacques chirac,simone veil,jean zay,lucie aubrac,"
        "louise michel,george sand,victor schoelcher,jean mermoz,guy moquet,gabriel peri,maurice thorez,jacques duclos,"
        "salvador allende,pablo neruda,nelson mandela,martin luther king,rosa parks,anne frank,jean mace,ferdinand buisson,"
        "marcel pagnol,jean giono,alphonse daudet,frederic mistral,edmond rostand,georges brassens,jacques brel,"
        "edith piaf,charles trenet,jean ferrat,boris vian,claude debussy,maurice ravel,hector berlioz,georges bizet,"
        "auguste renoir,claude monet,paul cezanne,henri matisse,pablo picasso,auguste rodin,camille claudel,"
        "jean baptiste clement,pierre mendes france,pierre brossolette,pierre semard,ambroise croizat,marcel cachin,"
        "leon gambetta,aristide briand,georges clemenceau,jules guesde,raymond poincare,adolphe thiers,sadi carnot,"
        "leo lagrange,alphonse juin,philippe leclerc,max rouquette,michel colucci,albertine sarrazin,stella maris,"
        "jean de la fontaine,pierre corneille,jean racine,blaise pascal,rene descartes,denis diderot,jean jacques rousseau,"
        "jean henri fabre,claude bernard,marcelin berthelot,louis armand,jean perrin,frederic joliot curie,irene joliot curie,"
        "joliot curie,paul langevin,henri becquerel,louis braille,charles peguy,arthur rimbaud,paul verlaine,"
        "charles baudelaire,guillaume apollinaire,robert desnos,francois villon,pierre de ronsard,joachim du bellay,"
        "guy de maupassant,gustave flaubert,honore de balzac,alexandre dumas,jules michelet,ernest renan,anatole france,"
        "romain rolland,henri barbusse,andre malraux,jean paul sartre,simone de beauvoir,colette besson,alain mimoun,"
        "alain colas,eric tabarly,maurice herzog,pierre de coubertin,marcel cerdan,louison bobet,"
        "jean bouin,roger salengro,jean vilar,gerard philipe,louis jouvet,jean cocteau,jean renoir,francois truffaut,"
        "agnes varda,olympe de gouges,danielle casanova,germaine tillion,genevieve de gaulle anthonioz,pierre brossolette,"
        "josephine baker,missak manouchian,henri barbusse,youri gagarine,elsa triolet,marie laurencin,berthe morisot,"
        "jacques cartier,christophe colomb,jean bart,rene cassin,robert schuman,jean monnet,general leclerc,"
        "henri dunant,raoul follereau,francoise dolto,maria montessori,celestin freinet,jean piaget,henri wallon,"
        "elise freinet,pauline kergomard,jacques yves cousteau,paul emile victor,haroun tazieff,dian fossey,hubert reeves"
    ).split(",")
)

# What people own: « le garage Martin » is a firm's, « le garage de M. Martin » is a person's.
OWNED = _set(
    "vehicule voiture camion camionnette fourgon tracteur velo maison villa terrain ferme jardin jardins garage atelier logement "
    "immeuble batiment bat residence hangar entreprise societe exploitation domaine magasin boutique cabinet etude "
    "bureau chambre chambres lot borne bornes projet plan rapport service pouvoir equipe classe classes carte marque "
    "modele montre chaussures fete fetes famille promotion agence bar cafe restaurant boulangerie boucherie pharmacie "
    "gite auberge taxi menuiserie plomberie maconnerie electricite coiffure mas hameau etang bois pelle engin logiciel "
    "imprimante bateau ecurie ruelle pre champ don dons legs donation bourse arret arrets formule tarif base port "
    "secteur fort tour pool mission operation mandataire cours pass label groupe "
    "foyer menage couple dossier chalet camping-car appartement pavillon potager puits"
)
# Where a single surname follows: « la famille Durand », « le nommé Durand », « affaire Durand ».
SURNAME_AFTER = _set(
    "famille familles heritiers heritiere heritier succession menage couple foyer nomme nommee denomme denommee locataire "
    "locataires proprietaire proprietaires requerant requerante petitionnaire demandeur demanderesse demandeuse "
    "beneficiaire allocataire usager usagere administre administree riverain riveraine voisin voisine eleve agent "
    "agente plaignant plaignante conducteur conductrice affaire tiers occupant occupante preneur acquereur acquereuse "
    "patronyme usage propriete vente cession caveau concession dossier recours plainte "
    "vendeur vendeuse exploitant exploitante assure assuree adherent adherente patient patiente defunt defunte nom "
    "epoux epouse freres soeurs soussigne soussignee commercant commercante mandataire tuteur tutrice chez"
)
# After them any capital word is a surname, known or not.
FAMILY = _set(
    "famille familles heritiers heritiere heritier succession menage couple nomme nommee denomme denommee epoux indivision "
    "veuve freres soeurs"
)
# Words of the names of regions and departments.
REGIONS = _set(
    "languedoc roussillon rhone alpes picardie aquitaine limousin poitou charentes lorraine champagne ardenne ardennes "
    "franche-comte midi pyrenees bourgogne bretagne normandie alsace auvergne corse provence vendee anjou maine berry "
    "savoie dauphine gascogne guyenne artois flandre flandres vexin perche morvan cevennes vosges jura landes gironde "
    "dordogne garonne loire seine marne oise somme aisne meuse moselle doubs saone isere drome ardeche lozere gard "
    "herault aude ariege tarn aveyron cantal correze creuse indre cher nievre yonne aube mayenne sarthe orne calvados "
    "manche finistere morbihan ille vilaine armor atlantique occitanie martinique guadeloupe guyane reunion mayotte europe"
)
# Of these words, those that are one person's whatever follows.
PEOPLE = _set(
    "agent agente locataire requerant requerante demandeur demandeuse eleve plaignant plaignante conducteur conductrice "
    "allocataire usager usagere petitionnaire patient patiente riverain riveraine voisin voisine famille nomme nommee"
)
# What someone does, says or undergoes, right after the name.
ACTS = _set(
    "a est ont sont avait etait aura sera fut soit demande demandait sollicite conteste signale propose refuse souhaite "
    "reclame doit peut veut attend passe recoit paie paye declare affirme explique precise indique habite reside demeure "
    "vit tient travaille exerce possede occupe loue vend achete cede donne depose ecrit dit repond ajoute estime pense "
    "craint regrette remercie accepte s'oppose se nous m'a n'a ne qui souffre percoit touche beneficie obtient perd "
    "gagne reste part quitte rejoint succede remplace encadre anime accompagne conduit circule chute tombe decede mange "
    "vient va fait veille souligne rappelle renonce retire signe atteste certifie s'engage s'est s'inquiete s'etonne"
)
# What is done to somebody: « transmettre à Chloé ».
GIVING = _set(
    "transmettre donner remettre dire ecrire repondre demander verser confier preter rendre parler telephoner attribue "
    "attribuee accorde accordee verse versee remis remise vendu vendue loue louee cede cedee confie confiee adresse adressee "
    "notifie notifiee delivre delivree signifie refuse refusee rappele souhaite souhaitons adressez ecrivez demandez "
    "appartient appartenait"
)
# What is somebody's: « la demande de Chloé Durand ».
OF_SOMEONE = _set(
    "parents propriete courrier lettre demande dossier situation domicile logement maison terrain parcelle camion chien "
    "vehicule voiture mur facade absence absences victoire succession famille candidature recrutement nomination mutation "
    "deces naissance mariage obseques remarque observation plainte requete nom compte bail entretien conge arret avis "
    "signature temoignage reponse propos intervention recours facture dette loyer contrat titularisation avancement "
    "retraite depart arrivee accident hospitalisation tutelle accord refus courriel message appel proche voisin voisine "
    "travail activite carte livret certificat attestation exclusion inscription radiation auto-entreprise"
)
# What stands in apposition after someone's name.
APPOSED = _set(
    "ne nee demeurant domicilie domiciliee residant habitant age agee ancien ancienne artisan artisane commercant "
    "commercante retraite retraitee locataire proprietaire riverain riveraine scolarise scolarisee eleve etudiant "
    "etudiante referent referente benevole notre votre son sa mon ma mes agriculteur agricultrice boulanger infirmiere "
    "infirmier professeur enseignant enseignante mere pere epoux epouse veuve veuf conjoint ayant agissant salarie "
    "salariee employe employee chauffeur medecin avocat avocate voisin voisine habitante titulaire qui dont disparu "
    "disparue decede decedee celibataire"
)
# Where a single first name follows: « sa fille Chloé », « je m'appelle Chloé », « prénom : Chloé ».
GIVEN_AFTER = _set(
    "fils fille filles frere soeur mere pere maman papa enfant enfants petit petite jeune bebe nourrisson garcon "
    "fillette mari femme compagnon compagne conjoint conjointe neveu niece cousin cousine oncle tante grand-mere "
    "grand-pere mamie papi epouse epoux prenom prenomme prenommee appelle appelee appele bonjour cher chere bravo avec demander "
    "contactez "
    "contacter rappeler "
    "merci contact eleve ami amie copain copine cordialement amicalement salut jumeau jumelle jumeaux beau-frere belle-soeur "
    "beau-pere belle-mere beau-fils belle-fille gendre bru filleul filleule marraine parrain tuteur "
    "prenoms doudou cartable manteau gouter cahier lunettes casier anniversaire"
)
# Heads of the lists of a council: who stands in them acts in a public function.
LISTS = _set(
    "vote present presents presente presentes absent absents absente absentes excuse excuses excusee excusees pouvoir "
    "pouvoirs procuration procurations mandant mandants mandataires abstention abstentions abstiennent abstenus "
    "s'abstiennent "
    "s'abstient contre votants rapporteur rapporteure rapporteurs secretaire secretaires titulaires suppleants proclame "
    "proclames proclamee elus designes designe designee representes represente assesseurs scrutateurs scrutateur"
)
# People of fiction and brands that look like someone.
_FICTION = (
    "leroy merlin,yves rocher,john deere,berger levrault,jean lefebvre,pierre fabre,jacques vabre,marie claire,"
    "harley davidson,stephane plaza,guy hoquet,guy degrenne,louis vuitton,christian dior,yves saint laurent,"
    "coco chanel,jean paul gaultier,marie blachere,charlie hebdo,paris match,jacob delafon,renault clio,renault master,"
    "thomas cook,jack daniel,jean louis david,franck provost,jacques dessange,camille albane,marc orian,"
    "julien d orcel,charles le goff,william saurin,paul predault,michel et augustin,bonne maman,jeanne du barry,"
    "therese raquin,eugenie grandet,jean valjean,cyrano de bergerac,robin des bois,arsene lupin,sherlock holmes,"
    "jean de florette,manon lescaut,therese desqueyroux,billy elliot,peter pan,mary poppins,don juan,dom juan,"
    "harry potter,emma bovary,anna karenine,jane eyre,tristan et iseult,paul et virginie,pierre et jean,"
    "pierre et le loup,marius et jeannette,jules et jim,thelma et louise,martine a la plage,alice au pays,"
    "blanche neige,boule et bill,astrid bromure,max et lili,petit nicolas,petit prince,jean qui rit,"
    "pierre de ronsard,django reinhardt,marie et louise"
)
_MORE = (
    "gabriel peri,gabriel faure,paul cezanne,edouard herriot,emile combes,simone signoret,jean philippe rameau,"
    "gustave eiffel,napoleon bonaparte,jeanne d arc,marguerite yourcenar,aime cesaire,louise weiss,alice milliat,"
    "jules rimet,charles simon,jacques prevert,aristide briand,paul doumer,frantz fanon,toussaint louverture,"
    "alexandre dumas,victor segalen,pierre loti,jean monnet,robert badinter,simone weil,hannah arendt,sonia delaunay,"
    "marco polo,robert doisneau,"
    "francois rabelais,barack obama,winston churchill,franklin roosevelt,john kennedy,emile durkheim,auguste comte,"
    "henri bergson,rene char,saint john perse,paul valery,stephane mallarme,gerard de nerval,alfred de musset,"
    "alfred de vigny,marcel proust,andre gide,francois mauriac,georges bernanos,louis ferdinand celine,"
    "marguerite duras,nathalie sarraute,francoise sagan,georges perec,raymond queneau,eugene ionesco,samuel beckett,"
    "jean anouilh,jean giraudoux,paul claudel,sacha guitry,jean gabin,louis de funes,bernard blier,michel simon,"
    "charles aznavour,leo ferre,jean jacques goldman,barbara hendricks,hector guimard,le corbusier,jean prouve,"
    "auguste perret,viollet le duc,camille pissarro,alfred sisley,gustave courbet,gustave caillebotte,edouard manet,"
    "edgar degas,georges seurat,paul signac,paul gauguin,vincent van gogh,henri rousseau,fernand leger,georges braque,"
    "marc chagall,raoul dufy,nicolas de stael,yves klein,niki de saint phalle,germaine richier,antoine bourdelle,"
    "frederic chopin,franz liszt,camille saint saens,gabriel pierne,erik satie,francis poulenc,olivier messiaen,"
    "lili boulanger,nadia boulanger,jean baptiste lully,marc antoine charpentier,francois couperin,jules massenet,"
    "charles gounod,jacques offenbach,andre ampere,pierre simon de laplace,joseph louis lagrange,evariste galois,"
    "sophie germain,henri poincare,antoine lavoisier,louis gay lussac,jean baptiste lamarck,georges cuvier,"
    "charles darwin,albert einstein,isaac newton,marie stuart,henri moissan,emile roux,albert calmette,"
    "alexandre yersin,rene laennec,ambroise pare,philippe pinel,jean martin charcot,guillaume dupuytren,"
    "louis bleriot,roland garros,clement ader,adrienne bolland,helene boucher,jean batten,maurice genevoix,"
    "alain fournier,jean henri dunant,florence nightingale,abbe pierre,vincent de paul,jean paul ii,jean xxiii,"
    "ferdinand foch,joseph joffre,philippe petain,joseph gallieni,pierre koenig,jean de lattre,henri giraud,"
    "raymond aubrac,pierre georges fabien,danielle mitterrand,ambroise paul,jean pierre timbaud,henri krasucki,"
    "benoit frachon,leon jouhaux,eugene varlin,auguste blanqui,jules valles,pierre joseph proudhon,charles fourier,"
    "jean baptiste godin,saint just,maximilien robespierre,camille desmoulins,georges danton,jean paul marat,"
    "gilbert de la fayette,bertrand du guesclin,jeanne hachette,etienne marcel,jacques coeur,anne de bretagne,"
    "diane de poitiers,catherine de medicis,henri iv,louis xiv,francois ier,louis philippe,napoleon iii,"
    "charles martel,pepin le bref,hugues capet,saint louis,madame de sevigne,madame de stael,madame de pompadour,"
    "madame de la fayette,madame curie,elsa morante,angela davis,wangari maathai,malala yousafzai,josephine pencalet,"
    "marguerite durand,hubertine auclert,maria deraismes,louise bourgeois,rosa bonheur,rosa luxemburg,clara zetkin,"
    "flora tristan,madeleine riffaud,marie madeleine fourcade,berty albrecht,suzanne lenglen,micheline ostermeyer,"
    "colette renard,jean mineur,emile reynaud,georges melies,louis lumiere,auguste lumiere,alice guy,jean vigo,"
    "jacques tati,jacques demy,claude chabrol,eric rohmer,alain resnais,chris marker,pierre boulez"
)
FAMOUS |= frozenset(f"{_FICTION},{_MORE}".split(","))
