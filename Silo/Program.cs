Console.WriteLine("Tributary");
