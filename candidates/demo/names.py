"""Names made up for measuring: as many and as different as those of a large firm's applicants."""

import re
from functools import cache
from itertools import product

from storage.folding import fold, spelt

from .people import APPLICANTS

DOMAINS = ("posteo.example", "mailbox.example", "web.example", "post.example")
_PEOPLE = [applicant for group in APPLICANTS.values() for applicant in group]
_FIRST = """
    Adam Adrian Agnieszka Ahmet Aleksandra Alexander Alina Amélie Andrea Andreas Angela Anja
    Anke Anna Anne Anton Arthur Astrid Barbara Beate Ben Benedikt Bernd Birgit Bogdan Britta
    Bruno Can Carina Carla Carsten Charlotte Christian Christina Clara Claudia Clemens Cornelia
    Dagmar Daniela David Deniz Denise Dennis Diana Dieter Dilara Dirk Dominik Doris Dorothea
    Eda Elena Elias Elif Elisabeth Ella Elke Emil Emma Erik Eva Fatma Felix Ferdinand Finn
    Florian Frank Franziska Frieda Friedrich Gabriele Georg Gerd Gisela Giulia Gregor Gudrun
    Guido Hakan Hannah Hannes Hans Harald Heike Helena Helga Hendrik Henry Holger Ibrahim Ida
    Ines Ingo Ingrid Irina Iris Jana Janina Jasmin Jennifer Joachim Johanna Johannes Jörg
    Josefine Judith Julia Julian Kai Karin Karl Karolina Katharina Kerstin Kevin Kilian Klara
    Klaus Konrad Kristina Lara Larissa Lars Laura Lea Lennart Leonie Linda Linus Lisa Lorenz
    Louis Luca Luisa Lukas Magdalena Maja Manuel Manuela Marcel Margarete Maria Marina Mario
    Marion Marlene Martin Martina Mathilda Matteo Matthias Maximilian Melanie Michael Michaela
    Mila Mohammed Monika Moritz Natalia Nele Nicole Niklas Nils Nina Noah Nora Norbert Olaf
    Oliver Olivia Oskar Paola Pascal Patricia Patrick Paul Paula Philipp Piotr Rabea Ralf
    Ramona Rebekka Regina Renate René Richard Robert Robin Roland Rüdiger Sabine Sandra Sarah
    Sebastian Selin Silke Silvia Simon Simone Sina Sonja Stefan Stefanie Steffen Sven Svenja
    Tamara Tanja Theresa Thomas Thorsten Tobias Torben Udo Ursula Uwe Valentin Vanessa Vera
    Verena Viktor Volker Walter Wiebke Wolfgang Yasemin
"""
#: Beginnings and ends of family names; each goes with each of the same line.
_FAMILIES = (
    (
        """Ahorn Alt Apfel Au Berg Birken Blumen Brand Braun Breiten Brenn Brink Buchen Burg Busch
        Dietl Dorn Eber Eck Eichen Eisen Engel Erlen Feld Fichten Fleisch Fried Frucht Fuchs
        Garten Gold Grün Habel Hagen Hart Hasel Heide Heiden Hell Hinter Hirsch Hoch Hohen Holz
        Hopfen Jäger Kalten Kirch Klee Klein König Korn Krebs Kreuz Kupfer Lang Lauter Lichten
        Linden Löwen Mühl Nagel Neu Nieder Nuß Ober Oster Pfeffer Pfann Rauch Reichen Reiter
        Rosen Roß Roten Sand Schäfer Schön Schwarz Seiden Silber Sommer Sonnen Stein Stern
        Storch Tannen Tauben Unter Vogel Wald Wasser Weiden Weiß Wein Wester Wiesen Winter
        Wolfs Ziegel Zimmer""",
        """au bach bauer baum beck berg berger blum brink brunn brunner dorf eder feld felder fels
        garten gruber hagen hammer haupt haus häuser heim heimer hof hofer höfer holt holz
        huber kamp lein leitner mann mayer meier meister meyer mühl müller pohl reiter reuter
        rieder roth sack schmidt schneider stein steiner tal thaler vogt wald weber weiler
        wirth""",
    ),
    (
        """Ak Altın Bal Boz Çakır Çelik Demir Doğan Er Gök Gül Kara Kaya Kılıç Koç Öz Polat Sarı
        Soy Taş Tekin Yavuz Yıl Yıldız""",
        "alp bay baş can demir doğan er gül kan kaya maz oğlu soy taş türk yürek",
    ),
    (
        """Adam Borow Dąbrow Dobr Grab Jabłoń Jan Kamiń Kowal Kozłow Król Kwiatkow Lewandow Maj
        Makow Michal Nowa Olszew Pawłow Piotrow Sokołow Szymań Wiśniew Wójt Zawadz Zieliń""",
        "czyk czak ska ski icz owicz ek ak",
    ),
    (
        """Alex Anton Bogdan Bori Dani Fedor Gavri Ivan Jovan Kiri Luka Marko Miha Mila Niko Pavlo
        Petro Radu Roma Serge Stefa Stojan Vasi Yuri""",
        "escu ev eva ić ov ova novi novski nko schuk sić vić",
    ),
    (
        "Al Ben Bou El- Ha Kha Ma Na Ra Sa Ta Za",
        "bari ddad difi fari jjar kimi lami lidi moud nnouri ouad rouk shidi siri wadi yani",
    ),
)
FIRST_NAMES = sorted({a.first_name for a in _PEOPLE} | set(_FIRST.split()))
LAST_NAMES = sorted(
    {a.last_name for a in _PEOPLE}
    | {
        beginning + end
        for beginnings, ends in _FAMILIES
        for beginning, end in product(beginnings.split(), ends.split())
    }
)
#: Odd and large: neighbouring numbers get far-off names, and the same number always the same.
_SPREAD = 2_654_435_761


def person(number: int) -> dict[str, str]:
    """Return name, address and telephone number of the person with this number."""
    place = number * _SPREAD % 2**32
    first_name = FIRST_NAMES[place % len(FIRST_NAMES)]
    last_name = LAST_NAMES[place // len(FIRST_NAMES) % len(LAST_NAMES)]
    domain = DOMAINS[number % len(DOMAINS)]
    return {
        "first_name": first_name,
        "last_name": last_name,
        "email": f"{_in_address(first_name)}.{_in_address(last_name)}{number}@{domain}",
        "phone": f"0721 555 {number % 10_000:04}" if number % 4 else "",
    }


@cache
def _in_address(name: str) -> str:
    return re.sub("[^a-z0-9]+", "-", fold(spelt(name))).strip("-")
