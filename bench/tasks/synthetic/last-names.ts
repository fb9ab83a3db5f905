/** Family names of the passkey task's people, from many languages, written in ASCII; none begins another. */
export const LAST_NAMES: readonly string[] = `
  Abernathy Achebe Adeyemi Agrawal Ainsworth Akintola Albuquerque Almeida Andersson Antonescu Aoki Appiah Arbuthnot
  Ashdown Aydin Babatunde Bachmann Balakrishnan Banerjee Barlow Battaglia Beauchamp Belmonte Bergstrom Bhattacharya
  Bianchi Birchall Bjornstad Blackwood Boateng Bonnard Borkowski Boulanger Braithwaite Brandt Bukowski Caldwell
  Calloway Carrington Castellano Cavendish Chakrabarti Chaudhry Chevalier Chukwu Cieslak Colquhoun Contreras Cordero
  Cromarty Czerny Dahlgren Dankworth Delacroix Demirci Deschamps Desjardins Dhillon Dlamini Dobrowski Doherty
  Drummond Dubrovsky Eberhardt Echeverria Ellingham Ekstrom Eriksen Escobar Fairweather Falkenberg Farouk Featherstone
  Fernando Ferreira Fitzgerald Fontaine Forsyth Fujimoto Fukuda Galloway Gascoigne Gebhardt Georgiou Ghazali
  Giordano Goldstein Gonzaga Grabowski Greenhalgh Grimaldi Gunnarsson Gutierrez Hakimi Halloran Hamasaki Harcourt
  Hashimoto Hathaway Heidenreich Hendricks Herrera Hinterberger Hollingsworth Horvath Huxtable Ibarra Igwe Ivanovic
  Iyengar Jankowski Jaramillo Jayawardena Johansen Kaczmarek Kaminski Kapoor Karlsson Kavanagh Kawasaki Khalil
  Kingsley Kobayashi Kowalczyk Krishnamurthy Kulkarni Kurosawa Lafontaine Langstrom Larkspur Laurier Lindqvist
  Llewellyn Lombardi Lundgren Macallister Mackintosh Madureira Mahmoud Malinowski Marchetti Matsuda Mbeki McTavish
  Mendoza Merriweather Mikkelsen Montague Moriarty Mukherjee Murakami Nakagawa Narayan Ndiaye Nightingale Nkrumah
  Nordstrom Novak Nwosu Obafemi Odhiambo Okonkwo Olafsson Oppenheim Ortega Osterman Ouedraogo Paczynski
  Palmgren Pankhurst Papadakis Pellegrino Pemberton Petrov Pilkington Ponsonby Quartermaine Quintana Radcliffe
  Rahimi Ravenscroft Reyes Rheinhold Rousseau Rutherford Sadowski Santangelo Sathe Schreiber Schuyler Sepulveda
  Shimizu Silveira Sinclair Sokolov Somerville Soyinka Steinberg Stratford Subramaniam Sutherland Szymanski
  Takahashi Tanaka Thistlewood Thorvald Toussaint Trevelyan Tshabalala Uchida Underhill Urquhart Valdez Vandenberg
  Varga Venkatesh Villanueva Vogelsang Wadsworth Wainwright Watanabe Weatherby Whitcombe Wojcik Yamamoto Yilmaz
  Zamora Zielinski Zubairi
`
  .trim()
  .split(/\s+/);
