/** Given names of the passkey task's people, from many languages, written in ASCII. */
export const FIRST_NAMES: readonly string[] = `
  Abena Adaeze Agnieszka Akira Alasdair Amara Amparo Anders Anneliese Anoushka Antonella Arjun Arvid Ayesha Azadeh
  Bahar Baptiste Beatriz Benedikt Bettina Bogdan Bronwen Camila Cedric Chiara Chidi Clementine Cormac Cosima Dagmar
  Dalia Damian Davor Delphine Deniz Dmitri Dorothea Dragan Ebba Edmund Efua Eilidh Elif Emeka Enzo Ernestine Esteban
  Eulalia Farida Faustino Femi Fergus Fiorella Florian Freya Gaspard Georgina Giulia Graciela Gudrun Gwendolyn Hadiya
  Hamish Haruto Hedwig Henrike Hiroko Horatio Ibrahim Ignacio Ilse Imogen Ines Ingrid Isadora Ivo Jacinta Jamal
  Jarmila Javier Jelena Jiro Joaquin Jolanta Kaito Kalinda Karim Kaspar Katarzyna Keiko Kenji Khadija Kofi Lakshmi
  Lars Leandro Leocadia Lieselotte Linnea Lorcan Ludmila Lupita Maarten Malik Marguerite Mateusz Maxine Meera
  Mireille Mohammed Nadia Nalini Ngozi Niamh Nikolai Noriko Octavia Oksana Olumide Ondrej Orla Osvaldo Padma Pascal
  Penelope Petra Philippa Piotr Priya Quentin Rafaela Rajesh Ramona Reinhard Renata Rohan Rosalind Ruaridh Sakura
  Salvatore Samira Saoirse Sebastian Selma Severin Shirin Sigrid Simone Siobhan Sofia Stanislav Suleiman Svetlana
  Takumi Tamsin Tariq Tatiana Temperance Thaddeus Theodora Tomasz Ulrike Umberto Ursula Valentin Vasilis Veronika
  Vikram Violeta Wendell Wilhelmina Winifred Xavier Ximena Yasmin Yevgeni Yolanda Yuki Zainab Zdenka Zoltan Zuzana
`
  .trim()
  .split(/\s+/);
