/*
 * How this list was made: by hand, from words, names, teams and keyboard walks that published studies of leaked passwords
 * report again and again. No leaked list was copied; an entry is a fact, not a text. Each stem counts with each ending,
 * in any letter case and with the usual digit-for-letter swaps, which makes tens of thousands of refused passwords.
 */

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/** Words that people take as a password or begin one with. */
export const COMMON_STEMS = words(`
password passwort passwd pass passcode passphrase passme mypass mypassword thepassword nopassword newpassword pwd
contrasena motdepasse senha wachtwoord parola haslo heslo salasana losenord jelszo parool sifre wordpass drowssap
secret topsecret mysecret secure security private access accessme letmein letmepass openup opensesame sesame enter
login logon signin signup welcome welcomeback hello hellohello helloworld hi goodbye changeme changethis changeit
change default temp temporary temppass test testtest testing tester test1test demo demouser guest guestuser sample
example user username users admin administrator adminadmin administrador root rootroot toor superuser super sysadmin
system server manager master masterkey webmaster boss office company business work job sales support service backup
oracle database mysql postgres sqlserver cisco router switch network internet wireless computer laptop desktop
windows linux ubuntu debian apple macbook iphone ipad android samsung galaxy nokia google gmail yahoo hotmail
facebook instagram twitter youtube linkedin amazon netflix spotify microsoft adobe photoshop minecraft roblox
fortnite pokemon pikachu nintendo playstation xbox gamer gaming games game player playboy counter strike zelda mario
sonic naruto sasuke goku dragonball dragon dragons phoenix griffin unicorn wizard magic magical merlin gandalf
frodo hobbit starwars startrek skywalker vader darth yoda jedi matrix neo trinity morpheus superman batman spider
spiderman ironman hulk marvel avengers joker robin wolverine captain america hero harrypotter hogwarts slytherin
qwerty qwertyui qwertyuio qwertyuiop qwert qwertz qwertzuiop azerty azertyuiop asdf asdfg asdfgh asdfghj asdfghjk
asdfghjkl asdfasdf asdasd asdasdasd zxcv zxcvb zxcvbn zxcvbnm qazwsx qazwsxedc qazxsw wsxedc zaqwsx zaqxsw poiuy
poiuyt poiuytrewq lkjhgfdsa mnbvcxz qweasd qweasdzxc qweqwe qweewq asdzxc zxczxc qwer abcd abcde abcdef abcdefg
abcdefgh abc abcabc aaa aaaa aaaaaa xxx xxxx xxxxxx zzzzzz iloveyou iloveu iloveyu ilovegod ilovejesus ilovemom
ilovedad ilovehim iloveher loveyou luvyou loveme love lover lovers lovely loving beloved mylove truelove iloveme
sweetheart sweetie sweet sweety honey honeybee baby babygirl babyboy babyface bella bellissima beautiful pretty
princess princesa prince queen king kingking angel angels angelo angelina angelica heaven jesus jesuschrist christ
jesus1 blessed blessing faith grace hope glory spirit church bible god godisgood godislove praise amen buddha allah
krishna lucky lucky7 luckyme lucky13 fortune money moneyman dollar million millionaire rich gold golden silver
diamond diamonds crystal sapphire ruby pearl emerald jewel treasure sunshine sunflower sunset sunrise sunny moonlight
moon star stars starlight stardust galaxy cosmos earth ocean river island beach summer summertime winter spring
autumn rainbow thunder lightning storm snow snowball snowman snowflake flower flowers rose rosebud daisy lily violet
tulip orchid butterfly dolphin dolphins tiger tigers lion lions panther panthers leopard jaguar cheetah bear bears
teddybear wolf wolves wolfpack eagle eagles falcon falcons hawk hawks raven ravens cardinal cardinals shark sharks
monkey monkeys monkeyman gorilla elephant giraffe kitten kitty kittycat hellokitty cat cats puppy puppies doggy
doggie dog dogs horse horses pony turtle turtles froggy frog bunny rabbit hamster penguin penguins chicken duck
spider scorpion cobra viper python mustang mustangs bronco broncos stallion ranger rangers cowboy cowboys yankees
redsox giants dodgers braves cubs mets tigers pirates padres astros angels rockies lakers bulls celtics knicks heat
spurs rockets warriors steelers packers patriots redskins raiders chargers dolphins vikings chiefs colts saints
bengals texans titans liverpool liverpoolfc arsenal chelsea chelseafc manchester manutd mancity everton tottenham
juventus barcelona barca realmadrid madrid bayern dortmund milan inter ajax celtic rangersfc football footballer
futbol soccer soccer10 baseball basketball hockey tennis golf golfer rugby cricket volleyball swimming wrestling
boxing skate skater skateboard surfer surfing fishing hunter hunting camping racing nascar ferrari lamborghini
porsche mercedes bmw audi toyota honda yamaha suzuki kawasaki harley harleydavidson ducati corvette camaro chevy
chevrolet ford fordf150 subaru nissan volkswagen volvo ronaldo cristiano messi neymar beckham jordan jordan23
michaeljordan kobe lebron federer tyson rocky rambo terminator rockstar rocknroll music musica guitar guitarist
piano drummer metallica nirvana slipknot greenday blink182 linkinpark eminem tupac biggie beatles elvis madonna
rihanna beyonce shakira justin justinbieber onedirection bts blackpink hannah hannahmontana taylor taylorswift
michael michelle jennifer jessica ashley amanda stephanie nicole melissa elizabeth samantha danielle christina
christine christopher christian matthew joshua andrew andrea daniel daniela david anthony robert roberto richard
ricardo charles charlie thomas william james jason jackson jonathan jordan joseph joshua justin kevin kimberly brandon
benjamin alexander alexandra alexandre alexis alejandro alejandra alex ali anna annie antonio arthur austin barbara
brian brittany bruno carlos carolina caroline catherine chelsea chris claudia cynthia dennis diana diego dominic donald
dorothy douglas edward eduardo emily emma eric erica fernanda fernando francis francisco frank gabriel gabriela george
gloria gregory hannah harry heather helen henry isabel isabella ivan jack jacob jasmine javier jeffrey jeremy john johnny
jorge jose juan julia julian karen katherine katie kelly kenneth laura lauren leonardo linda lisa lorenzo louis lucas luis
madison manuel marco margaret maria mariana marina mario mark martin martina mary maxwell megan mercedes miguel mike
monica morgan natalia natalie nathan nicholas nicolas oliver olivia oscar pamela patricia patrick paul paula pedro peter
philip rachel rafael raquel rebecca ronald ruben russell ryan sabrina sandra santiago sara sarah sebastian sergio simon
sofia sophie stephen steven susan sylvia teresa theresa timothy tony tyler valentin valentina vanessa veronica victor
victoria vincent virginia walter wendy xavier yolanda zachary fatima mohamed mohammed muhammad ahmed ibrahim mustafa
fuckyou fuckme fuckoff fucker fuck motherfucker asshole bitch bitches bullshit shithead sexy sexyboy sexygirl sexybabe
hotboy hotgirl hottie badboy badgirl gangster gangsta pimp killer killers killme murder death devil demon satan lucifer
hell inferno shadow shadows darkness dark darkside nightmare midnight vampire zombie ghost ninja samurai warrior soldier
army navy marine marines airforce military sniper trigger shooter bullet gunner assassin assassins legend legendary
champion winner victory power powerful energy freedom liberty peace peaceful harmony forever forever1 always never
nothing everything whatever whatsup nomore noway maybe because please thankyou sorry happy happyday happiness smile
smiley laugh funny crazy crazygirl insane genius einstein newton science physics biology chemistry history school
college university student teacher doctor nurse lawyer engineer pilot family mother mommy mamma father daddy papa sister
brother brothers friends friend bestfriend friendship friendly couple husband wife children kids grandma grandpa
cookie cookies chocolate candy caramel vanilla cupcake cheesecake strawberry cherry banana orange lemon peaches apples
pineapple watermelon pumpkin pepper ginger cinnamon peanut butter butterfly coffee espresso whiskey vodka tequila
budweiser heineken guinness corona cocacola pepsi mcdonalds pizza burger chicken bacon cheese potato tomato pickle
america american usa england london britain scotland ireland wales france paris germany deutschland berlin hamburg
munchen spain italia italy roma milano napoli portugal brasil brazil argentina mexico mexicana colombia canada toronto
montreal vancouver australia sydney melbourne india mumbai delhi pakistan indonesia jakarta thailand bangkok china
beijing shanghai japan tokyo korea seoul russia moscow moskva ukraine poland polska warszawa krakow sweden stockholm
norway denmark finland turkey istanbul galatasaray fenerbahce besiktas egypt cairo nigeria africa europe california
texas florida newyork chicago boston dallas houston phoenix denver seattle atlanta miami lasvegas hollywood brooklyn
january february march april june july august september october november december monday tuesday wednesday thursday
friday saturday sunday birthday christmas halloween easter valentine newyear holiday vacation weekend today tomorrow
black blackcat blue bluesky red green greenday white yellow purple pink brown orange silver scarlet crimson indigo
`);

/** What people add to a word to make it long enough. */
export const COMMON_ENDINGS = words(`
0 1 2 3 4 5 6 7 8 9 00 01 02 03 07 09 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 27 30 33 42 44 50 55 66 69 77 88 89
90 91 92 93 94 95 96 97 98 99 000 007 100 101 111 121 123 200 222 234 246 311 321 333 360 365 404 420 444 456 500 555 567
666 678 696 700 711 747 777 786 789 888 911 987 999 1000 1001 1010 1111 1122 1212 1221 1313 1231 1233 1234 1414 1488 1515
1616 1717 1818 1919 2000 2001 2002 2003 2004 2005 2006 2007 2008 2009 2010 2011 2012 2013 2014 2015 2016 2017 2018 2019
2020 2021 2022 2023 2024 2025 2026 2027 2028 2029 2030 2222 2323 2468 3333 4321 4444 5555 5678 6666 6969 7777 7890 8888
9876 9999 1980 1981 1982 1983 1984 1985 1986 1987 1988 1989 1990 1991 1992 1993 1994 1995 1996 1997 1998 1999 12345 54321
11111 00000 123123 123321 123456 654321 111111 000000 666666 1234567 7654321 12345678 87654321 123456789 987654321
1234567890 ! !! !!! @ # $ * . ? - _ 1! 12! 123! 1234! 12345! 123456! !1 !12 !123 !1234 @1 @12 @123 @1234 #1 #12 #123 #1234
.1 .123 -1 -123 _1 _123 123. 123? 123# 123@ 123$ 123* 1@ 1# 1$ 1* 1. 1? 2020! 2021! 2022! 2023! 2024! 2025! 2026! 2027! @2020
@2021 @2022 @2023 @2024 @2025 @2026 @2027 #2020 #2021 #2022 #2023 #2024 #2025 #2026 #2027
`);

/** Walks over the keyboard and other strings that are common as they stand. */
export const COMMON_STRINGS = words(`
1q2w3e4r 1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx 1qaz2wsx3edc 1qazxsw2 1qaz1qaz 1qaz!qaz !qaz2wsx !qaz1qaz 2wsx3edc 3edc4rfv q1w2e3r4
q1w2e3r4t5 q1w2e3r4t5y6 qwer1234 qwe123qwe qweasd123 asdf1234 asdfg123 asd123asd zxcv1234 zxc123zxc zaq12wsx zaq1xsw2 zaq1zaq1
zaq1@wsx qaz123wsx a1b2c3d4 a1b2c3d4e5 a1s2d3f4 a12345678 a123456789 a1234567 aa123456 aa12345678 abcd1234 abc12345 abc123456
abc123abc 123abc123 123qweasd 123qwe123 1234qwer 12345qwert 12345qwer 123456qwerty 123456abc 123456aa 123456ab 123456789a
123456789q 123456789z 12345678a 12345678q 1234567a 1234567q 1a2b3c4d 1a2s3d4f 147258369 159357456 159753456 741852963 789456123
789456123a 963852741 147852369 258456258 369258147 10203040 1020304050 102030405060 01020304 11223344 1122334455 112233445566
12344321 1234554321 123454321 12341234 12121212 13131313 13579246 24681012 135792468 987654321 9876543210 87654321 0987654321
01234567 012345678 0123456789 12345678 123456789 1234567890 12345678910 1234567891 123123123 123321123 12qwaszx 1234asdf
trustno1 ncc1701d ncc1701e thx1138a blink182 area5151 bond0077 agent007 ou812345 fordf150 catch222 number11 numberone whatever1
iloveyou2 gotohell openthedoor correcthorsebatterystaple thisismypassword thisisapassword mypasswordis iamthebest imthebest
ihateyou ihatemylife lifeisgood carpediem onelove nopainnogain justdoit bigboss dontforget idontknow idontcare fuckthis
livelaughlove letmeinnow letmeinplease passwordpassword passw0rd! p@ssw0rd! p@55w0rd pa55word pa55w0rd
`);

const SWAPPED: Readonly<Record<string, string>> = {
  '@': 'a',
  '4': 'a',
  '3': 'e',
  '1': 'i',
  '!': 'i',
  '0': 'o',
  $: 's',
  '5': 's',
  '7': 't',
};

/** Runs and repetitions are on the lists up to about this length; longer ones are rare enough. */
const LONGEST_PATTERN = 20;

/** True for a password that attackers try first. Letter case does not count. */
export function isCommonPassword(password: string): boolean {
  const text = password.normalize('NFKC').toLowerCase();
  if (COMMON_STRINGS.has(text) || isStemWithEnding(text)) return true;
  return text.length <= LONGEST_PATTERN && (isRun(text) || isRepetition(text));
}

/** `abcdefgh`, `87654321`: each character follows the one before. */
function isRun(text: string): boolean {
  const codes = Array.from(text, (character) => character.codePointAt(0) ?? 0);
  const step = (codes[1] ?? 0) - (codes[0] ?? 0);
  return Math.abs(step) <= 1 && codes.every((code, index) => index === 0 || code - (codes[index - 1] ?? 0) === step);
}

/** `abababab`, `dragondragon`: a short unit or a common word, over and over. */
function isRepetition(text: string): boolean {
  const length = (text + text).indexOf(text, 1);
  const unit = text.slice(0, length);
  return length < text.length && (length <= 4 || COMMON_STEMS.has(unit));
}

function isStemWithEnding(text: string): boolean {
  for (let cut = text.length; cut > 0 && (cut === text.length || !isLetter(text[cut])); cut--) {
    const ending = text.slice(cut);
    if (ending !== '' && !COMMON_ENDINGS.has(ending)) continue;
    const stem = text.slice(0, cut);
    if (COMMON_STEMS.has(stem) || COMMON_STEMS.has(unswapped(stem))) return true;
  }
  return false;
}

function unswapped(stem: string): string {
  return stem.replace(/[@431!0$57]/g, (character) => SWAPPED[character] ?? character);
}

function isLetter(character: string | undefined): boolean {
  return character !== undefined && character >= 'a' && character <= 'z';
}
